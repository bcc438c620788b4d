"""The Engine.IO connections beneath the sockets: queues frames on them, and closes those that must go."""

from collections.abc import Iterator

import anyio
import socketio
import structlog
from engineio import packet
from starlette.types import ASGIApp, Receive, Scope, Send

from runcast_gateway.metrics import GatewayMetrics

log = structlog.get_logger()

SWEEP_S = 0.2
REFUSED_GRACE_S = 5.0
POLICY_VIOLATION = 1008  # RFC 6455, section 7.4.1


class Connections:
    """An ASGI application around python-socketio's, that knows how to end each of its connections."""

    def __init__(self, app: ASGIApp, server: socketio.AsyncServer, metrics: GatewayMetrics, max_queued: int) -> None:
        self._app = app
        self._server = server
        self._metrics = metrics
        self._max_queued = max_queued
        self._upgraded: dict[str, Send] = {}
        self._deadlines: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        eio_sid = _session_id(scope) if scope["type"] == "websocket" else None
        if eio_sid is not None:
            self._upgraded[eio_sid] = send
        try:
            await self._app(scope, receive, send)
        finally:
            if eio_sid is not None:
                self._upgraded.pop(eio_sid, None)
                if eio_sid in self._server.eio.sockets:
                    self._server.eio.sockets[eio_sid].give_up_upgrade()

    def send(self, eio_sid: str, frame: str) -> bool:
        """See `runcast_gateway.socket.Transport`."""
        connection = self._server.eio.sockets.get(eio_sid)
        if connection is None or connection.closed or connection.closing:
            return False
        if connection.queue.qsize() >= self._max_queued:
            if eio_sid not in self._deadlines:
                self._metrics.slow_sockets.inc()
                log.warning("Socket too slow, closing it", connection=eio_sid, queued=connection.queue.qsize())
                self.close_within(eio_sid, 0)
            return False
        connection.queue.put_nowait(packet.Packet(packet.MESSAGE, data=frame))
        return True

    def close_within(self, eio_sid: str, seconds: float) -> None:
        """End the connection after that time, unless it has ended by itself."""
        self._deadlines[eio_sid] = anyio.current_time() + seconds

    async def run(self) -> None:
        """Close, for ever, what is due."""
        while True:
            await anyio.sleep(SWEEP_S)
            async with anyio.create_task_group() as tasks:
                for eio_sid in self._due():
                    del self._deadlines[eio_sid]
                    tasks.start_soon(self._close, eio_sid)

    def _due(self) -> list[str]:
        now = anyio.current_time()
        return [eio_sid for eio_sid, deadline in self._deadlines.items() if deadline <= now]

    async def _close(self, eio_sid: str) -> None:
        connection = self._server.eio.sockets.get(eio_sid)
        if connection is None:
            return
        senders = list(self._senders(eio_sid))
        for send in senders:
            with anyio.move_on_after(1):
                await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        await connection.close(wait=False, abort=bool(senders))  # a poll that waits is ended by a CLOSE packet
        self._server.eio.sockets.pop(eio_sid, None)

    def _senders(self, eio_sid: str) -> Iterator[Send]:
        environ = self._server.environ.get(eio_sid, {})
        if eio_sid in self._upgraded:
            yield self._upgraded[eio_sid]
        elif environ.get("asgi.scope", {}).get("type") == "websocket":
            yield environ["asgi.send"]


def _session_id(scope: Scope) -> str | None:
    for pair in scope["query_string"].split(b"&"):
        name, _, value = pair.partition(b"=")
        if name == b"sid":
            return str(value.decode("latin-1"))
    return None
