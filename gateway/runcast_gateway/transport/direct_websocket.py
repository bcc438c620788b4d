"""uvicorn's WebSocket protocol, for a connection to be taken over: written to without ASGI, heard without a task.

uvicorn's private names are used here alone. Pinned to uvicorn 0.54;
tests/integration/gateway/transport/test_direct_websocket.py fails where an upgrade breaks what is overridden.
"""

import socket
from typing import Any, Protocol

import structlog
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import OPEN

from runcast_gateway.bounds import Bounds
from runcast_gateway.transport.close_codes import INVALID_DATA, POLICY_VIOLATION, PROTOCOL_ERROR
from runcast_gateway.transport.direct_writer import DirectWriter

log = structlog.get_logger()

EXTENSION = "runcast.websocket"
CLOSE_S = 5.0
SEND_BUFFER_BYTES = 128 * 1024
MAX_EARLY_FRAMES = 32
"""Of control, or parts of messages, before it was taken over."""
UNSENT_BYTES = 64 * 1024
"""What the kernel takes of a socket before it counts as buffered here; without it, several megabytes."""


class Taker(Protocol):
    """Who takes a WebSocket over. Nothing here may wait."""

    def on_text(self, text: str) -> None: ...

    def on_broken(self, code: int) -> None: ...

    def admit(self) -> bool:
        """Count what is no text; tell whether the client kept to what it may send."""
        ...

    def on_congested(self) -> None: ...

    def on_drained(self) -> None: ...

    def on_lost(self) -> None: ...


class DirectWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket protocol, offered to the application in `scope["extensions"]` to be taken over."""

    taken_by: Taker | None = None
    _early_frames = 0
    writer: DirectWriter
    """What writes to it, once it was taken over."""

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[EXTENSION] = self

    async def run_asgi(self) -> None:
        """As uvicorn's, but a connection that was taken over outlives the call."""
        try:
            await self.app(self.scope, self.receive, self.send)
            if not self.handshake_complete:
                self.send_500_response()
        except ClientDisconnected:
            pass
        except Exception:
            log.exception("WebSocket handler failed")
            self.send_500_response()
        finally:
            if self.taken_by is None and self.close_timer is None:
                self.transport.close()

    def take_over(self, taken_by: Taker, bounds: Bounds) -> None:
        """Let the connection be `taken_by`'s, to write to at once and to hear from when it says so. Raises
        `ClientDisconnected` if it is gone."""
        if self.disconnected or self.transport.is_closing():
            raise ClientDisconnected
        self.stop_keepalive()
        self.transport.set_write_buffer_limits(high=bounds.soft_bytes, low=bounds.soft_bytes // 2)
        connection = self.transport.get_extra_info("socket")
        if connection is not None and connection.family in (socket.AF_INET, socket.AF_INET6):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        self.writer = DirectWriter(self.transport)
        self.taken_by = taken_by
        self._forget_handshake()

    def hear(self, taken_by: Taker) -> None:
        """Give who took it over what has arrived, and all that does from now on."""
        while not self.queue.empty():
            message: Any = self.queue.get_nowait()
            if message["type"] == "websocket.receive":
                taken_by.on_text(message["text"]) if message.get("text") else self.end(PROTOCOL_ERROR)
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()

    def _forget_handshake(self) -> None:
        """Let go of what nobody needs any more, and of a reference cycle."""
        self.scope["headers"] = []
        self.scope["extensions"] = {}
        del self.request, self.response

    def send_receive_event_to_app(self) -> None:
        if self.taken_by is None:
            super().send_receive_event_to_app()
            return
        data, self.frames = b"".join(self.frames), []
        if self.close_sent:
            return
        if self.curr_msg_data_type != "text":
            self.end(PROTOCOL_ERROR)
            return
        try:
            self.taken_by.on_text(data.decode())
        except UnicodeDecodeError:
            self.end(INVALID_DATA)

    def end(self, code: int) -> None:
        """Close, after what is buffered if the client takes that within `CLOSE_S`; nothing, if either side did."""
        if self.conn.state is OPEN and not self.close_sent and not self.transport.is_closing():
            self.conn.send_close(code)
            self.writer.write(b"".join(self.conn.data_to_send()))
            self.writer.close()
            self.close_sent = True
            self.close_timer = self.loop.call_later(CLOSE_S, self.transport.abort)
            self.transport.close()

    def handle_cont(self, event: Any) -> None:
        if self._admitted():
            super().handle_cont(event)

    def handle_ping(self) -> None:
        if self._admitted():
            super().handle_ping()
            if self.taken_by is not None:
                self.writer.look()

    def handle_pong(self, event: Any) -> None:
        if self._admitted():
            super().handle_pong(event)

    def _admitted(self) -> bool:
        """Count a frame that is no message of its own, and end what sends too many."""
        if self.taken_by is None:
            self._early_frames += 1
            if self._early_frames > MAX_EARLY_FRAMES:
                self.transport.abort()
            return self._early_frames <= MAX_EARLY_FRAMES
        if self.close_sent or self.taken_by.admit():
            return not self.close_sent
        self.end(POLICY_VIOLATION)
        return False

    def handle_close(self, event: Any) -> None:
        self._stop_writing()
        super().handle_close(event)

    def handle_parser_exception(self) -> None:
        if self.taken_by is not None and self.conn.close_sent is not None:
            self.taken_by.on_broken(self.conn.close_sent.code)
        self._stop_writing()
        super().handle_parser_exception()

    def shutdown(self) -> None:
        """Close, but leave a WebSocket that is still to take over to whoever waits for its client to say so."""
        if self.taken_by is not None or not self.handshake_complete:
            self._stop_writing()
            super().shutdown()

    def abort(self) -> None:
        """Close at once, whatever is buffered."""
        self._stop_writing()
        self.transport.abort()

    def _stop_writing(self) -> None:
        """Let nothing follow a Close frame, nor come into the middle of what the transport has buffered."""
        if self.taken_by is not None:
            self.writer.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.taken_by is not None:
            self.taken_by.on_congested()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.taken_by is not None:
            self.taken_by.on_drained()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_writing()
        if self.taken_by is not None:
            self.taken_by.on_lost()
            self.taken_by = None


def websocket_options(max_message_bytes: int) -> dict[str, Any]:
    """Return what `uvicorn.Config` has to be given for the direct path. Engine.IO has a heartbeat of its own, and
    nobody asks for a client's address."""
    return {
        "ws": DirectWebSocket,
        "ws_per_message_deflate": False,
        "ws_max_size": max_message_bytes,
        "ws_ping_interval": None,
        "proxy_headers": False,
    }
