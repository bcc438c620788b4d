"""Packets that wait for a client to fetch them, by long-polling or through a server without the direct path."""

import asyncio
from collections.abc import Callable
from typing import Any

from engineio import packet

from runcast_gateway.relay.frame import Frames


class Outbox:
    """A queue that python-engineio takes for its own, and that loses nothing when who waits is cancelled.

    On CPython 3.11 a task that is cancelled in `asyncio.wait_for(queue.get())` may take a packet all the same, and go
    on: https://github.com/python/cpython/issues/86296. Here waiting takes nothing. `None` is the end, and stays in it.
    """

    __slots__ = ("_arrived", "_packets", "buffered")

    def __init__(self) -> None:
        self._packets: list[Any] = []
        self._arrived: asyncio.Event | None = None
        self.buffered = 0
        """Characters that wait."""

    def put_nowait(self, item: Any) -> None:
        self._packets.append(item)
        self.buffered += _size(item)
        if self._arrived is not None:
            self._arrived.set()

    async def put(self, item: Any) -> None:
        self.put_nowait(item)

    def qsize(self) -> int:
        return len(self._packets)

    def empty(self) -> bool:
        return not self._packets

    async def wait(self) -> None:
        """Return once something is there."""
        while not self._packets:
            self._arrived = self._arrived or asyncio.Event()
            self._arrived.clear()
            await self._arrived.wait()

    def take(self, most: int) -> list[Any]:
        """Return what is there, oldest first, up to `most` packets or the end; an empty list is the end."""
        end = self._packets.index(None) if None in self._packets else len(self._packets)
        taken = self._packets[: min(end, most)]
        del self._packets[: len(taken)]
        self.buffered -= sum(map(_size, taken))
        return taken


def _size(item: Any) -> int:
    return len(item.data) if isinstance(item, packet.Packet) and isinstance(item.data, str) else 0


class OutboxWriter:
    """Writes to a connection's outbox; see `runcast_gateway.relay.socket.Writer`."""

    def __init__(self, queue: Callable[[Frames], None]) -> None:
        self.write = queue

    def send(self, frames: Frames) -> int:
        self.write(frames)
        return len(frames)

    def rest(self, data: bytes) -> None:
        """All was taken."""
