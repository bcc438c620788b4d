"""Standard output and error of a process: two pipes, each read in order, and both in the order they were written to.

The kernel lists a pipe when something comes into it that was empty, so of two that are read at once, the one written
to first is first. What a process writes in turns within one read, usually less than a millisecond, is told stream by
stream. Sockets would keep all of the order, but `/dev/stdout` and `/dev/stderr` of such a process cannot be opened.
"""

import os
import select
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, Self

import anyio

from runcast_runner.output.execution_log import STDERR

STDOUT = 1
_READ_BYTES = 65_536
_EVENTS = select.EPOLLIN | select.EPOLLET


class Piece(NamedTuple):
    """What was read of one stream at once."""

    stream: int
    data: bytes


class ProcessStreams:
    """The pipes are open while the context is."""

    def __init__(self) -> None:
        self._epoll = select.epoll()
        self._reading: dict[int, int] = {}
        self._writing: dict[int, int] = {}
        for stream in (STDOUT, STDERR):
            pipe, self._writing[stream] = os.pipe()
            os.set_blocking(pipe, False)
            self._reading[pipe] = stream
            self._epoll.register(pipe, _EVENTS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.begun()
        for pipe in list(self._reading):
            self._close(pipe)
        self._epoll.close()

    @property
    def stdout(self) -> int:
        """The end that the process gets."""
        return self._writing[STDOUT]

    @property
    def stderr(self) -> int:
        return self._writing[STDERR]

    def begun(self) -> None:
        """Close this process's copies of what the other one got, so that the pipes can end."""
        while self._writing:
            os.close(self._writing.popitem()[1])

    async def read(self) -> list[Piece]:
        """Wait until there is something, then return all that is; nothing once both pipes have ended."""
        while self._reading:
            await anyio.wait_readable(self._epoll.fileno())
            if pieces := list(self._ready()):
                return pieces
        return []

    def _ready(self) -> Iterator[Piece]:
        for pipe, _ in self._epoll.poll(0):
            with suppress(BlockingIOError):  # what it was listed for was read with what was before
                if data := os.read(pipe, _READ_BYTES):
                    yield Piece(self._reading[pipe], data)
                    self._epoll.modify(pipe, _EVENTS)  # lists it again if there is more, or its end
                else:
                    self._close(pipe)

    def _close(self, pipe: int) -> None:
        del self._reading[pipe]
        os.close(pipe)  # which ends its registration too
