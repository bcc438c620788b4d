"""Carries output from one blocking thread to one task, in order and with a bound; what piled up arrives together."""

import asyncio
import threading
from itertools import groupby
from operator import itemgetter

import anyio

Piece = tuple[int, bytes]
"""A stream's number, and what came on it."""
MAX_BYTES = 262_144


class ThreadPipe:
    """The thread calls `put` and `end`; the task calls `read` and, when it wants no more, `close`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = threading.Condition()
        self._pieces: list[Piece] = []
        self._size = 0
        self._ended = False
        self._closed = False
        self._filled = anyio.Event()

    def put(self, pieces: list[Piece]) -> bool:
        """Pass pieces on, waiting while too much is under way; False once nobody reads any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._size < MAX_BYTES)
            if self._closed:
                return False
            if pieces and not self._pieces:
                self._loop.call_soon_threadsafe(self._wake)
            self._pieces += pieces
            self._size += sum(len(data) for _, data in pieces)
        return True

    def end(self) -> None:
        with self._changed:
            self._ended = True
            if not self._closed:
                self._loop.call_soon_threadsafe(self._wake)

    async def read(self) -> list[Piece] | None:
        """Return what has come, at least one piece, with successive ones of a stream joined; None after `end`."""
        while True:
            await self._filled.wait()
            with self._changed:
                pieces, self._pieces, self._size = self._pieces, [], 0
                self._changed.notify_all()
                if not self._ended or pieces:
                    self._filled = anyio.Event()
                if self._ended:
                    self._filled.set()
            if pieces:
                return _joined(pieces)
            if self._ended:
                return None

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wake(self) -> None:
        self._filled.set()


def _joined(pieces: list[Piece]) -> list[Piece]:
    by_stream = groupby(pieces, key=itemgetter(0))
    return [(stream, b"".join(data for _, data in run)) for stream, run in by_stream]
