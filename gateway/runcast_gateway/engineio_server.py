"""python-engineio where it does otherwise than a gateway needs. Its private names are used here and nowhere else.

Pinned to python-engineio 4.15; tests/integration/test_engineio.py fails where an upgrade breaks what is overridden.
"""

import asyncio
from types import SimpleNamespace
from typing import Any

import engineio
from engineio import async_server, async_socket, exceptions

MAX_POLLED = 16
"""Packets in one answer to a poll: python-engineio's client refuses more (`Payload.max_decode_packets`)."""


class EngineSocket(async_socket.AsyncSocket):  # type: ignore[misc]  # python-engineio has no types
    """A connection whose polls are answered in pieces that every client takes."""

    upgrading: bool
    upgraded: bool

    async def poll(self) -> list[Any]:
        """As the stock one, in at most `MAX_POLLED` packets. None in the queue is the end, and stays there."""
        try:
            wait_s = self.server.ping_interval + self.server.ping_timeout
            first = await asyncio.wait_for(self.queue.get(), wait_s)
        except (TimeoutError, asyncio.CancelledError) as exc:
            raise exceptions.QueueEmpty from exc
        packets = [first]
        while packets[-1] is not None and len(packets) < MAX_POLLED and not self.queue.empty():
            packets.append(self.queue.get_nowait())
        if packets[-1] is None and len(packets) > 1:
            self.queue.put_nowait(packets.pop())
        return [packet for packet in packets if packet is not None]

    def give_up_upgrade(self) -> None:
        """Go on polling: the WebSocket that was to take over ended first."""
        if not self.upgraded:
            self.upgrading = False


class EngineServer(engineio.AsyncServer):  # type: ignore[misc]
    """A server that never waits for a client that does not read."""

    async def disconnect(self, sid: str | None = None) -> None:
        """Close one connection; whatever is queued to it, nobody waits until it has been read."""
        connection = self.sockets.pop(sid, None)
        if connection is not None:
            await connection.close(wait=False)


async_server.async_socket = SimpleNamespace(AsyncSocket=EngineSocket)  # which the server names where it makes one
