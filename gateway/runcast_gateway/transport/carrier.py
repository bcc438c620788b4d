"""What a connection of python-engineio's carries outwards: to whoever polls for it, or straight to a WebSocket.

A WebSocket that was taken over is written to directly, in the order of the calls. Polls, and WebSockets of other
servers, fetch their packets from an outbox. Uses private names; see `engineio_server`.
"""

import asyncio
from typing import Any

from engineio import async_socket, exceptions, packet

from runcast_gateway.relay.frame import Frames, websocket_frame
from runcast_gateway.relay.socket import Socket, Writer
from runcast_gateway.transport.direct_websocket import DirectWebSocket
from runcast_gateway.transport.engine import Engine
from runcast_gateway.transport.outbox import Outbox, OutboxWriter

MAX_POLLED = 16
"""Packets in one answer to a poll: python-engineio's client refuses more (`Payload.max_decode_packets`)."""


class Carrier(async_socket.AsyncSocket):  # type: ignore[misc]  # python-engineio has no types
    """The outward half of a connection; see `runcast_gateway.relay.socket.Connection`."""

    server: Engine
    queue: Outbox
    sid: str
    upgrading: bool
    upgraded: bool
    connected: bool
    closed: bool
    closing: bool

    def __init__(self, server: Engine, sid: str) -> None:
        super().__init__(server, sid)
        self._with = server.collaborators
        self.writer: Writer = OutboxWriter(self.queue_frames)
        self.socket: Socket | None = None
        """The authenticated socket on it, once there is one."""
        self.asgi_send: Any = None
        """Of a WebSocket that is not, or not yet, taken over."""
        self._direct: DirectWebSocket | None = None
        self._gone = False
        self._congested = False
        self._relieved: asyncio.Event | None = None
        """Set when the connection is not congested any more, or gone; there while somebody waits for that."""

    @property
    def ended(self) -> bool:
        """Whether nothing can come of it any more."""
        return self.closed or self.closing or self._gone

    def write(self, frames: Frames) -> None:
        """Write, or queue, without waiting; nothing, if the connection is gone."""
        self.writer.write(frames)

    def queue_frames(self, frames: Frames) -> None:
        """Keep frames for whoever fetches them."""
        if not self.ended:
            for text in frames.texts:
                self.queue.put_nowait(packet.Packet(packet.MESSAGE, data=text))
            if self.queue.buffered > self._with.bounds.soft_bytes:
                self.on_congested()

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
        if self._congested and self.queue.buffered <= self._with.bounds.soft_bytes // 2:
            self.on_drained()
        return taken

    def carry(self, socket: Socket) -> None:
        """Be the connection of an authenticated socket that arrived."""
        self.socket = socket
        if self._congested:
            self._with.listener.congested(socket)

    def on_congested(self) -> None:
        if not self._congested:
            self._congested = True
            if self.socket is not None:
                self._with.listener.congested(self.socket)

    def on_drained(self) -> None:
        if self._congested:
            self._congested = False
            self._relieve()
            if self.socket is not None:
                self._with.listener.drained(self.socket)

    def _relieve(self) -> None:
        if self._relieved is not None:
            self._relieved.set()
            self._relieved = None

    def _write_directly(self, direct: DirectWebSocket) -> None:
        """Write what waited, then everything straight to the WebSocket that was taken over."""
        self.connected, self.upgraded, self.upgrading = True, True, False
        waiting = [item for item in self.queue.take(self.queue.qsize()) if item.packet_type != packet.NOOP]
        direct.writer.write(b"".join([websocket_frame(item.encode().encode()) for item in waiting]))
        self._direct, self.asgi_send = direct, None
        self._write_by(direct.writer)
        if self._congested and direct.transport.get_write_buffer_size() <= self._with.bounds.soft_bytes:
            self.on_drained()

    def _write_by(self, writer: Writer) -> None:
        self.writer = writer
        if self.socket is not None:
            self.socket.writer = writer
