"""The real parts that tests run against: what each is, and how a server of one's own is started and ended."""

import json
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.parts.conditions import wait_until


class Missing(Exception):
    """A part is not on this machine; the text is the reason for skipping."""


@dataclass(frozen=True)
class Part:
    """A running part: where it is and what it calls itself."""

    url: str
    description: str


@contextmanager
def reserved_port() -> Iterator[int]:
    """Yield a port that only the server it is meant for can take, for as long as the context is open.

    A port found free and given back can be given out again before its server listens. This one stays bound: the kernel
    then gives it to nobody who asks for any port, while a server that names it may listen, as both set SO_REUSEADDR.
    """
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield int(holder.getsockname()[1])


@contextmanager
def ended_after(process: "subprocess.Popen[Any]", seconds: float) -> Iterator[None]:
    """End the process when the context ends: by SIGTERM, and after so long by SIGKILL."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def spawned(
    arguments: list[str], port: int, *, cwd: Path | None = None, timeout: float = 60
) -> "Iterator[subprocess.Popen[bytes]]":
    """Run a server until the context ends; enter once its port accepts."""
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(arguments, stdout=output, stderr=output, cwd=cwd) as server,
        ended_after(server, 10),
    ):
        wait_until(lambda: accepts(port) or server.poll() is not None, timeout, instead=lambda: _read(output))
        if not accepts(port):
            raise RuntimeError(f"{arguments[0]} did not start: {_read(output)!r}")
        yield server


def _read(output: IO[bytes]) -> bytes:
    output.seek(0)
    return output.read()[-2000:]


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def find_javascript_client() -> Part:
    """Return the folder of the official JavaScript client. Raises `Missing` where `make test` could not install it."""
    folder = Path(__file__).parents[1] / "e2e" / "node_modules" / "socket.io-client"
    if not (shutil.which("node") and folder.is_dir()):
        raise Missing("socket.io-client is missing: install node and npm, then `make test`")
    return Part(str(folder), f"socket.io-client {_client_version(folder)} on node {_node_version()}")


def _client_version(folder: Path) -> str:
    return str(json.loads((folder / "package.json").read_text())["version"])


def _node_version() -> str:
    return subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
