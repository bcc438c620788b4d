"""An identity provider: a key pair, tokens signed with it, and a server that tells its keys, or what it is given, or
hangs."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


class IdentityProvider:
    """Serves `body` at `url` while the context is open and it is not `hanging`; at first the key `k1`. Counts how often
    it was `asked`."""

    def __init__(self) -> None:
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked += 1
                provider._may_answer.wait()
                with suppress(ConnectionError):  # who asked may have given up
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(provider.body)

            def log_message(self, *_: object) -> None:
                return

        self.key = rsa.generate_private_key(65537, 2048)
        self.body = self.keys("k1")
        self.asked = 0
        self._may_answer = threading.Event()
        self._may_answer.set()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/"

    def keys(self, kid: str) -> bytes:
        jwk = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return json.dumps({"keys": [{**jwk, "kid": kid, "alg": "RS256"}]}).encode()

    def token(self, kid: str | None = "k1", **claims: Any) -> str:
        named = {"userId": "u", "organizationId": "o", "role": "developer", "exp": time.time() + 60, **claims}
        return jwt.encode(named, self.key, algorithm="RS256", headers={"kid": kid} if kid else None)

    @contextmanager
    def hanging(self) -> Iterator[None]:
        self._may_answer.clear()
        try:
            yield
        finally:
            self._may_answer.set()

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
