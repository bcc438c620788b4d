"""Compresses what is read, for clients that ask for it. Only for answers without a secret: beside something that a
caller chose, the size of an answer would tell of it (BREACH)."""

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runcast_api.http.accepted import best_encoding

LEVEL = 1
"""Of output, 3 is a twentieth smaller at best, and 6 takes three times as long."""
MINIMUM = 1024
"""Of so many bytes: less is sent as it is."""
_ENCODING = "Accept-Encoding"


class Compression:
    """ASGI middleware around one path, for what is read there. An answer in steps is compressed step by step, and each
    of them sent as soon as it was: nothing is held back for the next."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_varying(message: Message) -> None:
            if message["type"] == "http.response.start":
                _vary(MutableHeaders(scope=message))
            await send(message)

        reads = scope["method"] in {"GET", "HEAD"}
        asked = reads and best_encoding(Headers(scope=scope), ("gzip",)) == "gzip"
        app = _Gzip(self._app, MINIMUM, LEVEL) if asked else self._app
        await app(scope, receive, send_varying if reads else send)


class _Gzip(GZipResponder):
    """As Starlette's, which compresses whatever comes in steps; an answer that says that it is small is none of it."""

    async def apply_compression(self, body: bytes, *, more_body: bool) -> bytes:
        length = Headers(raw=self.initial_message["headers"]).get("content-length")
        if length is not None and int(length) < self.minimum_size:
            return body
        return await super().apply_compression(body, more_body=more_body)


def _vary(headers: MutableHeaders) -> None:
    if _ENCODING not in headers.get("vary", ""):
        headers.add_vary_header(_ENCODING)
