"""How the SQLite store reaches its file: writes through one thread, reads through connections of their own."""

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread
import apsw

from runcast_core.store.sqlite.connections import unavailable
from runcast_core.store.sqlite.writer import Writer

T = TypeVar("T")


class SqliteAccess:
    """What the verbs are made of."""

    def __init__(self, writer: Writer, readers: list[apsw.Connection]) -> None:
        self._writer = writer
        self._readers = readers
        self._limiter = anyio.CapacityLimiter(len(readers))

    async def _write(self, job: Callable[[apsw.Connection], T]) -> T:
        return await self._writer.write(job)

    async def _read(self, job: Callable[[apsw.Connection], T]) -> T:
        def run() -> T:
            connection = self._readers.pop()
            try:
                return job(connection)
            except apsw.Error as exc:
                raise unavailable(exc) from exc
            finally:
                self._readers.append(connection)

        return await anyio.to_thread.run_sync(run, limiter=self._limiter)
