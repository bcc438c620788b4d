"""python-engineio where it does otherwise than a gateway needs: the server, of connections of our own kind.

Its private names are used here, in `carrier`, `engineio_socket` and `upgrade`, and nowhere else. Pinned to
python-engineio 4.15; tests/integration/gateway/transport/test_engineio.py fails where an upgrade breaks what is
overridden.
"""

from types import SimpleNamespace
from typing import Any, cast

import engineio
import structlog
from engineio import async_server
from engineio.async_drivers import asgi
from starlette.types import Receive, Scope, Send

from runcast_gateway.transport.engine import Collaborators
from runcast_gateway.transport.engineio_socket import EngineSocket
from runcast_gateway.transport.outbox import Outbox
from runcast_gateway.transport.upgrade import UpgradingSocket

log = structlog.get_logger()

_HEADERS = {
    name: f"HTTP_{name.upper().decode().replace('-', '_')}"
    for name in (b"origin", b"host", b"connection", b"upgrade", b"x-forwarded-proto", b"x-forwarded-host")
}
"""What python-engineio looks at of a WebSocket's request."""


class EngineServer(engineio.AsyncServer):  # type: ignore[misc]
    """A server that never waits for a client that does not read."""

    _async: dict[str, Any]
    sockets: dict[str, EngineSocket]

    def __init__(self, *, collaborators: Collaborators, **options: Any) -> None:
        """Take python-engineio's options beside our own."""
        self.collaborators = collaborators
        super().__init__(**options)
        self._async = {**self._async, "translate_request": _environ}

    def create_queue(self, *_args: Any, **_options: Any) -> Outbox:
        return Outbox()

    async def _trigger_event(self, event: str, *args: Any, run_async: bool = False) -> Any:
        """As the stock one, which looks each time whether the handler is a coroutine function; here all of them are."""
        try:
            return await self.handlers[event](*args)
        except Exception:
            log.exception("Handler failed", handler=event)
            return False if event == "connect" else None

    async def disconnect(self, sid: str | None = None) -> None:
        """Close one connection; whatever is queued to it, nobody waits until it has been read."""
        connection = self.sockets.pop(sid or "", None)
        if connection is not None:
            await connection.close(wait=False)


async def _environ(scope: Scope, receive: Receive, send: Send) -> dict[str, Any]:
    """As the stock function, which makes a class for each request; of a WebSocket's just what counts."""
    if scope["type"] != "websocket":
        return cast(dict[str, Any], await asgi.translate_request(scope, receive, send))
    await receive()
    headers = {_HEADERS[name]: value.decode("latin-1") for name, value in scope["headers"] if name in _HEADERS}
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": scope["path"],
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "wsgi.url_scheme": headers.get("HTTP_X_FORWARDED_PROTO", "http"),
        "asgi.scope": scope,
        "asgi.receive": receive,
        "asgi.send": send,
        **headers,
    }


async_server.async_socket = SimpleNamespace(AsyncSocket=UpgradingSocket)  # which the server names where it makes one
