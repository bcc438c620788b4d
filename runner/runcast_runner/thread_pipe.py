"""Carries bytes from one blocking thread to one task, in order and with a bound; what piled up arrives as one piece."""

import asyncio
import threading

import anyio

MAX_BYTES = 262_144


class ThreadPipe:
    """The thread calls `put` and `end`; the task calls `read` and, when it wants no more, `close`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._changed = threading.Condition()
        self._pieces: list[bytes] = []
        self._size = 0
        self._ended = False
        self._closed = False
        self._filled = anyio.Event()

    def put(self, piece: bytes) -> bool:
        """Pass a piece on, waiting while too much is under way; False once nobody reads any more."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._size < MAX_BYTES)
            if self._closed:
                return False
            self._pieces.append(piece)
            self._size += len(piece)
            if len(self._pieces) == 1:
                self._loop.call_soon_threadsafe(self._wake)
        return True

    def end(self) -> None:
        with self._changed:
            self._ended = True
            if not self._closed:
                self._loop.call_soon_threadsafe(self._wake)

    async def read(self) -> bytes | None:
        """Return what has come, at least one piece; None after `end`."""
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
                return b"".join(pieces)
            if self._ended:
                return None

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _wake(self) -> None:
        self._filled.set()
