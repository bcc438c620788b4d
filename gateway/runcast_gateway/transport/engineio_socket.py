"""One connection of python-engineio's, where it does otherwise than a gateway needs.

A WebSocket of this server's own is taken over: packets are written straight to its transport, in the order of the
calls. Polls, and WebSockets of other servers, fetch theirs from an outbox. Uses private names; see `engineio_server`.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import anyio
import structlog
from engineio import async_socket, exceptions, packet

from runcast_gateway.relay.frame import Frames, websocket_frame
from runcast_gateway.relay.socket import NOWHERE, Socket, Writer
from runcast_gateway.transport.close_codes import GOING_AWAY, MESSAGE_TOO_BIG, POLICY_VIOLATION, PROTOCOL_ERROR
from runcast_gateway.transport.direct_websocket import EXTENSION, DirectWebSocket
from runcast_gateway.transport.outbox import Outbox, OutboxWriter
from runcast_gateway.transport.packets import is_packet

if TYPE_CHECKING:
    from runcast_gateway.transport.engineio_server import EngineServer

log = structlog.get_logger()

MAX_POLLED = 16
"""Packets in one answer to a poll: python-engineio's client refuses more (`Payload.max_decode_packets`)."""
MAX_UNHANDLED = 32
"""Packets of a client that wait for the one before to be handled."""
PING = websocket_frame(b"2")


class EngineSocket(async_socket.AsyncSocket):  # type: ignore[misc]  # python-engineio has no types
    """One Engine.IO connection; see `runcast_gateway.relay.socket.Connection`."""

    server: "EngineServer"
    queue: Outbox
    sid: str
    upgrading: bool
    upgraded: bool
    connected: bool
    closed: bool
    closing: bool

    def __init__(self, server: "EngineServer", sid: str) -> None:
        super().__init__(server, sid)
        self.writer: Writer = OutboxWriter(self.queue_frames)
        self.socket: Socket | None = None
        """The authenticated socket on it, once there is one."""
        self._direct: DirectWebSocket | None = None
        self._carrier: Any = None
        """The ASGI `send` of a WebSocket that cannot be taken over."""
        self._timer: asyncio.TimerHandle | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._unhandled: deque[str] | None = None
        self._first: asyncio.Future[None] | None = None
        self._congested = False
        self._relieved: asyncio.Event | None = None
        """Set when the connection is not congested any more, or gone; there while somebody waits for that."""
        self._gone = False
        self._received_at, self._received = time.monotonic(), 0.0

    # Outwards ---------------------------------------------------------------------------------------------------------

    def write(self, frames: Frames) -> None:
        """Write, or queue, without waiting; nothing, if the connection is gone."""
        self.writer.write(frames)

    def queue_frames(self, frames: Frames) -> None:
        """Keep frames for whoever fetches them."""
        if not self.ended:
            for text in frames.texts:
                self.queue.put_nowait(packet.Packet(packet.MESSAGE, data=text))
            if self.queue.buffered > self.server.bounds.soft_bytes:
                self.on_congested()

    async def send(self, pkt: Any) -> None:
        """As the stock one, without its look at the clock: a timer of its own ends a silent connection."""
        if self.closed:
            raise exceptions.SocketIsClosedError
        if self._direct is None:
            self.queue.put_nowait(pkt)
        else:
            data = pkt.encode()
            binary = isinstance(data, bytes)
            self._direct.writer.write(websocket_frame(data if binary else data.encode(), opcode=2 if binary else 1))
        if self.buffered() > self.server.bounds.hard_bytes and not self.ended:
            log.warning("Connection too slow, closing it", connection=self.sid)
            self.server.overrun()
            self.abort()

    def buffered(self) -> int:
        return self.queue.buffered if self._direct is None else self._direct.transport.get_write_buffer_size()

    async def drained(self) -> None:
        if self._congested and not self.ended:
            self._relieved = self._relieved or asyncio.Event()
            await self._relieved.wait()

    async def poll(self) -> list[Any]:
        """As the stock one, in at most `MAX_POLLED` packets."""
        try:
            async with asyncio.timeout(self.server.ping_interval + self.server.ping_timeout):
                await self.queue.wait()
        except (TimeoutError, asyncio.CancelledError) as exc:
            raise exceptions.QueueEmpty from exc
        taken = self.queue.take(MAX_POLLED)
        if self._congested and self.queue.buffered <= self.server.bounds.soft_bytes // 2:
            self.on_drained()
        return taken

    # Heartbeat: https://socket.io/docs/v4/engine-io-protocol/#heartbeat -----------------------------------------------

    def schedule_ping(self) -> None:
        """Ping after the interval. Called once connected, and for each pong."""
        self._cancel_timer()
        self._timer = asyncio.get_running_loop().call_later(self.server.ping_interval, self._ping)

    def _ping(self) -> None:
        if self.ended:
            return
        if self._direct is not None:
            self._direct.writer.write(PING)
        else:
            self.queue.put_nowait(packet.Packet(packet.PING))
        self._timer = asyncio.get_running_loop().call_later(self.server.ping_timeout, self._silent)

    def _silent(self) -> None:
        log.info("Connection silent, closing it", connection=self.sid)
        self.abort()

    def expect_within(self, seconds: float) -> None:
        """End the connection unless it is `heard` of in that time."""
        self._end_by(seconds, self._unheard)

    def heard(self) -> None:
        """Note that the client said who it is."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _unheard(self) -> None:
        log.info("Connection closed, it did not say who it is", connection=self.sid)
        self.server.refused("handshake")
        self.end(POLICY_VIOLATION)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Inwards ----------------------------------------------------------------------------------------------------------

    def on_text(self, text: str) -> None:
        """Handle a packet of a WebSocket that was taken over."""
        if not is_packet(text):
            log.warning("Connection closed, it sent what is no Engine.IO packet", connection=self.sid)
            self.end(PROTOCOL_ERROR)
        elif not self.admit():
            self.end(POLICY_VIOLATION)
        elif text == "3":
            self.schedule_ping()
        elif self._unhandled is None:
            self._unhandled = deque((text,))
            self.server.tasks.start_soon(self._handle_all)
        elif len(self._unhandled) < MAX_UNHANDLED:
            self._unhandled.append(text)
            self._wake()
        else:
            self.end(POLICY_VIOLATION)

    async def receive(self, pkt: Any) -> None:
        """As the stock one, if the client may send as much."""
        if self.admit():
            await super().receive(pkt)
        else:
            self.end(POLICY_VIOLATION)

    def on_broken(self, code: int) -> None:
        """Note that a WebSocket which was taken over broke its protocol."""
        if code == MESSAGE_TOO_BIG:
            self.server.refused("size")

    def admit(self) -> bool:
        """Count a packet; tell whether the client keeps to what it may send, and reads what it is sent."""
        before, self._received_at = self._received_at, time.monotonic()
        granted = (self._received_at - before) * self.server.bounds.messages_per_s
        self._received = max(0.0, self._received - granted) + 1
        if self._received > 2 * self.server.bounds.messages_per_s:
            self.server.refused("messages")
            return False
        if self.buffered() > self.server.bounds.hard_bytes:
            self.server.refused("unread")
            return False
        return True

    async def _handle_all(self) -> None:
        while self._unhandled:
            pkt = packet.Packet(encoded_packet=self._unhandled.popleft())
            try:
                await super().receive(pkt)
            except exceptions.EngineIOError:
                pass  # a packet that has no meaning here, or a connection that is gone
            except Exception:
                log.exception("Packet not handled")
                self.end(POLICY_VIOLATION)
        self._unhandled = None

    # Upgrade ----------------------------------------------------------------------------------------------------------

    async def _upgrade_websocket(self, environ: Any) -> Any:
        direct = environ["asgi.scope"].get("extensions", {}).get(EXTENSION)
        self._carrier = environ["asgi.send"]
        try:
            if direct is None:
                return await super()._upgrade_websocket(environ | {"asgi.send": _going_away(self._carrier)})
            return await self._upgrade_direct(direct, environ)
        finally:
            if not self.upgraded:  # the WebSocket ended first: go on polling, if that was there before it
                self.upgrading, self._carrier = False, None
                if not self.connected:
                    await self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)

    async def _upgrade_direct(self, direct: DirectWebSocket, environ: Any) -> Any:
        if self.upgraded:
            raise OSError("Socket has been upgraded already")
        websocket = self.server._async["websocket"](None, self.server)
        websocket.asgi_receive, websocket.asgi_send = environ["asgi.receive"], environ["asgi.send"]
        await websocket.asgi_send({"type": "websocket.accept"})
        if not self.connected:
            await self._begin_direct(direct)
        elif await self._probed(websocket):
            self._go_direct(direct)
        else:
            await websocket.close()
        return ""

    async def _begin_direct(self, direct: DirectWebSocket) -> None:
        """Handle the first packet, by which a client says who it is, in this task: another one would be a tenth of what
        a connection costs."""
        self._unhandled = deque()
        self._first = asyncio.get_running_loop().create_future()
        self._go_direct(direct)
        await self._first
        self._first = None
        await self._handle_all()

    def _wake(self) -> None:
        if self._first is not None and not self._first.done():
            self._first.set_result(None)

    async def _probed(self, websocket: Any) -> bool:
        """Change from polling: https://socket.io/docs/v4/engine-io-protocol/#upgrade."""
        self.upgrading = True
        try:
            async with asyncio.timeout(self.server.bounds.handshake_s):
                if await websocket.wait() != "2probe":
                    return False
                await websocket.send("3probe")
                self.queue.put_nowait(packet.Packet(packet.NOOP))  # ends a poll that waits
                return await websocket.wait() == "5" and not (self.upgraded or self.closed)
        except OSError:  # a `TimeoutError` is one, too
            return False

    def _go_direct(self, direct: DirectWebSocket) -> None:
        """Write what waited, then everything straight to the connection."""
        direct.take_over(self, self.server.bounds)
        self.connected, self.upgraded, self.upgrading = True, True, False
        waiting = [item for item in self.queue.take(self.queue.qsize()) if item.packet_type != packet.NOOP]
        direct.writer.write(b"".join([websocket_frame(item.encode().encode()) for item in waiting]))
        self._direct, self._carrier = direct, None
        self._write_by(direct.writer)
        if self._congested and direct.transport.get_write_buffer_size() <= self.server.bounds.soft_bytes:
            self.on_drained()
        direct.hear(self)

    def _write_by(self, writer: Writer) -> None:
        self.writer = writer
        if self.socket is not None:
            self.socket.writer = writer

    def carry(self, socket: Socket) -> None:
        """Be the connection of an authenticated socket that arrived."""
        self.socket = socket
        if self._congested:
            self.server.listener.congested(socket)

    # The end ----------------------------------------------------------------------------------------------------------

    def on_congested(self) -> None:
        if not self._congested:
            self._congested = True
            if self.socket is not None:
                self.server.listener.congested(self.socket)

    def on_drained(self) -> None:
        if self._congested:
            self._congested = False
            self._relieve()
            if self.socket is not None:
                self.server.listener.drained(self.socket)

    def _relieve(self) -> None:
        if self._relieved is not None:
            self._relieved.set()
            self._relieved = None

    def on_lost(self) -> None:
        """Note that a WebSocket which was taken over is gone."""
        self._direct, self._gone = None, True
        self._wake()
        self._lose()
        self.server.tasks.start_soon(self.close, False, True, self.server.reason.TRANSPORT_CLOSE)

    @property
    def ended(self) -> bool:
        """Whether nothing can come of it any more."""
        return self.closed or self.closing or self._gone

    def _lose(self) -> None:
        self._cancel_timer()
        self.heard()
        self._relieve()
        if self._unhandled is not None:
            self._unhandled.clear()
        self._write_by(NOWHERE)
        if self.socket is not None:
            self.server.listener.lost(self.socket)

    async def close(self, wait: bool = True, abort: bool = False, reason: Any = None) -> None:
        """As the stock one, but nobody waits until what is queued was read."""
        self._lose()
        await super().close(wait=False, abort=abort, reason=reason)
        self.queue.put_nowait(None)  # ends a poll that waits
        self.server.sockets.pop(self.sid, None)
        if self._direct is not None:
            self._direct.end(GOING_AWAY)

    def end(self, code: int = GOING_AWAY) -> None:
        """Close the connection in a way that lets official clients come back by themselves."""
        if self._direct is not None:
            self._direct.end(code)
        elif not self.closed:
            self.server.tasks.start_soon(self._end, code)

    def abort(self) -> None:
        """End the connection at once, whatever is buffered: nothing more is written to it, nor is it cut again."""
        self._gone = True
        self._lose()
        if self._direct is not None:
            self._direct.abort()
        else:
            self.end()

    def end_within(self, seconds: float, code: int) -> None:
        """End the connection after that time, unless it has ended by itself."""
        self._end_by(seconds, self.end, code)

    def _end_by(self, seconds: float, end: Callable[..., None], *arguments: int) -> None:
        self.heard()
        self._deadline = asyncio.get_running_loop().call_later(seconds, end, *arguments)

    async def _end(self, code: int) -> None:
        carrier = self._carrier
        if carrier is not None:
            await self._close_carrier(carrier, code)
        await self.close(wait=False, abort=carrier is not None)  # a poll that waits is ended by a CLOSE packet

    async def _close_carrier(self, carrier: Any, code: int) -> None:
        try:
            with anyio.move_on_after(1):
                await carrier({"type": "websocket.close", "code": code})
        except Exception as exc:  # each server has its own for a WebSocket that is closed already
            log.debug("Connection not closed, it was gone", connection=self.sid, error=type(exc).__name__)


def _going_away(carrier: Any) -> Any:
    """Return an ASGI `send` that closes with `GOING_AWAY` where python-engineio closes with no code, which is a normal
    end (1000): when a client is silent, its own wait for a packet and the heartbeat end together, either one first."""

    async def send(message: dict[str, Any]) -> None:
        await carrier({"code": GOING_AWAY, **message} if message["type"] == "websocket.close" else message)

    return send
