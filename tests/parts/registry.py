"""A stand-in for a registry on loopback, which an engine takes without TLS. Most of its images cannot be pulled."""

import gzip
import hashlib
import http.server
import io
import json
import secrets
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_CONFIG_TYPE = "application/vnd.docker.container.image.v1+json"
_LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar.gzip"


class Registry(http.server.ThreadingHTTPServer):
    """What an image's name holds says how its layer fails: `denied`, `silent`, `slow`, which is sent for ever. That of
    `whole` does not."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        files = _files()
        self.layer = gzip.compress(files)
        """Of this registry alone: the engine gets no layer twice at a time."""
        system = {"architecture": "amd64", "os": "linux", "config": {}}
        self.config = json.dumps({**system, "rootfs": {"type": "layers", "diff_ids": [_digest(files)]}}).encode()
        self.asked = threading.Event()
        """Set once a layer was asked for."""
        self.left = threading.Event()
        """Set once the engine no longer wanted a layer that was being sent."""
        self.ending = threading.Event()

    def image(self, name: str) -> str:
        return f"127.0.0.1:{self.server_port}/{name}:1"

    def manifest(self, path: str) -> bytes:
        config = {"mediaType": _CONFIG_TYPE, "size": len(self.config), "digest": _digest(self.config)}
        size = len(self.layer) if "whole" in path else 2**30
        layer = {"mediaType": _LAYER_TYPE, "size": size, "digest": _digest(self.layer)}
        return json.dumps(
            {"schemaVersion": 2, "mediaType": _MANIFEST_TYPE, "config": config, "layers": [layer]}
        ).encode()

    def handle_error(self, *_: object) -> None:
        """The engine may hang up."""


def _files() -> bytes:
    """Return a layer's archive, of one file that no other layer has."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        content = secrets.token_bytes(16)
        file = tarfile.TarInfo("unique")
        file.size = len(content)
        tar.addfile(file, io.BytesIO(content))
    return archive.getvalue()


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Registry

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if "/manifests/" in self.path:
            self._answer(200, self.server.manifest(self.path), _MANIFEST_TYPE)
        elif _digest(self.server.layer) in self.path:
            self.server.asked.set()
            self._layer()
        else:
            self._answer(200, self.server.config if "/blobs/" in self.path else b"{}")

    def _layer(self) -> None:
        if "whole" in self.path:
            return self._answer(200, self.server.layer, "application/octet-stream")
        if "denied" in self.path:
            return self._answer(403, b'{"errors": [{"code": "DENIED", "message": "quarantined by policy"}]}')
        self.send_response(200)
        self.send_header("Content-Length", str(2**30))
        self.end_headers()
        try:
            while not self.server.ending.wait(0.05):
                self.wfile.write(b"x" * 65_536 if "slow" in self.path else b"")
        except OSError:
            self.server.left.set()

    def _answer(self, code: int, body: bytes, media_type: str = "application/json") -> None:
        self.send_response(code)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)


@contextmanager
def running_registry() -> Iterator[Registry]:
    with Registry() as registry:
        serving = threading.Thread(target=registry.serve_forever, daemon=True)
        serving.start()
        try:
            yield registry
        finally:
            registry.ending.set()
            registry.shutdown()
            serving.join()
