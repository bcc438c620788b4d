"""One connection of python-engineio's, where it does otherwise than a gateway needs: what it hears, and its end.

`carrier` has what it is written, `upgrade` its beginning. Uses private names; see `engineio_server`.
"""

import asyncio
import time
from collections import deque
from typing import Any

import anyio
import structlog
from engineio import exceptions, packet

from runcast_gateway.relay.frame import websocket_frame
from runcast_gateway.relay.socket import NOWHERE
from runcast_gateway.transport.carrier import Carrier
from runcast_gateway.transport.close_codes import GOING_AWAY, MESSAGE_TOO_BIG, POLICY_VIOLATION, PROTOCOL_ERROR
from runcast_gateway.transport.deadline import Deadline
from runcast_gateway.transport.direct_websocket import DirectWebSocket
from runcast_gateway.transport.engine import Engine
from runcast_gateway.transport.packets import SEPARATOR, is_packet

log = structlog.get_logger()

MAX_UNHANDLED = 32
"""Packets of a client that wait for the one before to be handled."""
PING = websocket_frame(b"2")


class EngineSocket(Carrier):
    """One Engine.IO connection; see `runcast_gateway.transport.direct_websocket.Taker`, too."""

    def __init__(self, server: Engine, sid: str) -> None:
        super().__init__(server, sid)
        self._heartbeat = Deadline()
        """Of the next ping, then of its pong."""
        self._deadline = Deadline()
        self._unhandled: deque[str] | None = None
        self._first: asyncio.Future[None] | None = None
        self._received_at, self._received = time.monotonic(), 0.0

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
        if self.buffered() > self._with.bounds.hard_bytes and not self.ended:
            log.warning("Connection too slow, closing it", connection=self.sid)
            self._with.overrun()
            self.abort()

    def go_direct(self, direct: DirectWebSocket) -> None:
        """Take the WebSocket over: write what waited, then everything straight to it, and hear from it."""
        direct.take_over(self, self._with.bounds)
        self._write_directly(direct)
        direct.hear(self)

    # Inwards ----------------------------------------------------------------------------------------------------------

    def on_text(self, text: str) -> None:
        """Handle a packet, of a WebSocket that was taken over or of a POST, after the ones before it."""
        if not is_packet(text):
            log.warning("Connection closed, it sent what is no Engine.IO packet", connection=self.sid)
            self.end(PROTOCOL_ERROR)
        elif not self.admit():
            self.end(POLICY_VIOLATION)
        elif text == "3":
            self.schedule_ping()
        elif self._unhandled is None:
            self._unhandled = deque((text,))
            self._with.tasks.start_soon(self._handle_all)
        elif len(self._unhandled) < MAX_UNHANDLED:
            self._unhandled.append(text)
            self._wake()
        else:
            self.end(POLICY_VIOLATION)

    async def handle_post_request(self, environ: Any) -> None:
        """Handle the packets of a POST as those of a WebSocket, without letting its answer wait: before that, no
        official client goes on with a change to a WebSocket."""
        body = await environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH", "0")))
        for text in body.decode().split(SEPARATOR):
            self.on_text(text)

    async def receive(self, pkt: Any) -> None:
        """As the stock one, if the client may send as much."""
        if self.admit():
            await super().receive(pkt)
        else:
            self.end(POLICY_VIOLATION)

    def on_broken(self, code: int) -> None:
        """Note that a WebSocket which was taken over broke its protocol."""
        if code == MESSAGE_TOO_BIG:
            self._with.refused("size")

    def admit(self) -> bool:
        """Count a packet; tell whether the client keeps to what it may send, and reads what it is sent."""
        before, self._received_at = self._received_at, time.monotonic()
        granted = (self._received_at - before) * self._with.bounds.messages_per_s
        self._received = max(0.0, self._received - granted) + 1
        if self._received > 2 * self._with.bounds.messages_per_s:
            self._with.refused("messages")
            return False
        if self.buffered() > self._with.bounds.hard_bytes:
            self._with.refused("unread")
            return False
        return True

    async def begin_direct(self, direct: DirectWebSocket) -> None:
        """Handle the first packet, by which a client says who it is, in this task: another one would be a tenth of what
        a connection costs."""
        self._unhandled = deque()
        self._first = asyncio.get_running_loop().create_future()
        self.go_direct(direct)
        await self._first
        self._first = None
        await self._handle_all()

    def _wake(self) -> None:
        if self._first is not None and not self._first.done():
            self._first.set_result(None)

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

    # Deadlines --------------------------------------------------------------------------------------------------------

    def schedule_ping(self) -> None:
        """Ping after the interval. Called once connected, and for each pong.

        https://socket.io/docs/v4/engine-io-protocol/#heartbeat
        """
        if not self.ended:
            self._heartbeat.begin(self.server.ping_interval, self._ping)

    def _ping(self) -> None:
        if self._direct is not None:
            self._direct.writer.write(PING)
        else:
            self.queue.put_nowait(packet.Packet(packet.PING))
        self._heartbeat.begin(self.server.ping_timeout, self._silent)

    def _silent(self) -> None:
        log.info("Connection silent, closing it", connection=self.sid)
        self.abort()

    def expect_within(self, seconds: float) -> None:
        """End the connection unless it is `heard` of in that time."""
        self._deadline.begin(seconds, self._unheard)

    def heard(self) -> None:
        """Note that the client said who it is."""
        self._deadline.lift()

    def _unheard(self) -> None:
        log.info("Connection closed, it did not say who it is", connection=self.sid)
        self._with.refused("handshake")
        self.end(POLICY_VIOLATION)

    def end_within(self, seconds: float, code: int) -> None:
        """End the connection after that time, unless it has ended by itself."""
        self._deadline.begin(seconds, self.end, code)

    # The end ----------------------------------------------------------------------------------------------------------

    def on_lost(self) -> None:
        """Note that a WebSocket which was taken over is gone."""
        self._direct, self._gone = None, True
        self._wake()
        self._lose()
        self._with.tasks.start_soon(self.close, False, True, self.server.reason.TRANSPORT_CLOSE)

    def _lose(self) -> None:
        self._heartbeat.lift()
        self._deadline.lift()
        self._relieve()
        if self._unhandled is not None:
            self._unhandled.clear()
        self._write_by(NOWHERE)
        if self.socket is not None:
            self._with.listener.lost(self.socket)

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
            self._with.tasks.start_soon(self._end, code)

    def abort(self) -> None:
        """End the connection at once, whatever is buffered: nothing more is written to it, nor is it cut again."""
        self._gone = True
        self._lose()
        if self._direct is not None:
            self._direct.abort()
        else:
            self.end()

    async def _end(self, code: int) -> None:
        """A WebSocket that is still to take over stays until its client is done with polling (`upgrade`): where it is
        closed before that, official clients poll no more and wait for a ping that nobody sends."""
        asgi_send = self.asgi_send if self.upgraded else None
        if asgi_send is not None:
            await self._close_websocket(asgi_send, code)
        await self.close(wait=False, abort=asgi_send is not None)  # a poll that waits is ended by a CLOSE packet

    async def _close_websocket(self, asgi_send: Any, code: int) -> None:
        try:
            with anyio.move_on_after(1):
                await asgi_send({"type": "websocket.close", "code": code})
        except Exception as exc:  # each server has its own for a WebSocket that is closed already
            log.debug("Connection not closed, it was gone", connection=self.sid, error=type(exc).__name__)
