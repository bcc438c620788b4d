"""The replies of a connection of redis-py's, taken as they are read from the socket.

redis-py's own `read_response` passes through a stream and several coroutines for each reply, which made up half of what
an event cost that came alone. `_writer` is the one private name of redis-py's used, here alone.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import hiredis

Reply = Any
"""A list of bytes and numbers, or a `hiredis.ReplyError`."""


class Replies(asyncio.Protocol):
    """Gives each reply to `take`, in order, until that says it is full, and calls `took` after those of each read.

    The connection has to be connected, with no reply due; from then on it is written to only.
    """

    def __init__(self, connection: Any, take: Callable[[Reply], bool], took: Callable[[], None]) -> None:
        self._take = take
        self._took = took
        self._parser = hiredis.Reader()
        self._changed = asyncio.Event()
        self._lost: Exception | None = None
        self._full = False
        self._transport: asyncio.Transport = connection._writer.transport
        self._transport.set_protocol(self)

    async def full(self) -> None:
        """Return once `take` said that it is full; nothing more is read then. Raises what ended the connection."""
        while not self._full:
            if self._lost is not None:
                raise self._lost
            self._changed.clear()
            await self._changed.wait()

    def go_on(self) -> None:
        """Read again after it was full."""
        self._full = False
        self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed(data)
            while (reply := self._parser.gets()) is not False:
                if not self._take(reply) and not self._full:
                    self._full = True
                    self._transport.pause_reading()
                    self._changed.set()
        except Exception as error:  # what is no Redis protocol, or an error that `take` does not expect
            self._end(error)
            self._transport.close()
        self._took()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end(exc or ConnectionError("Connection closed by server."))

    def _end(self, error: Exception) -> None:
        self._lost = self._lost or error
        self._changed.set()
