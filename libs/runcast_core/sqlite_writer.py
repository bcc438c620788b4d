"""The one thread that writes to a SQLite file: takes whatever is queued, commits it together, then answers."""

import asyncio
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import apsw

from runcast_core.errors import RuncastError, StoreUnavailable

T = TypeVar("T")
Job = tuple[Callable[[apsw.Connection], Any], "Future[Any]"]

MAX_QUEUED = 10_000
BUSY_TIMEOUT_MS = 20_000


def connect(path: str) -> apsw.Connection:
    """Open the file for many processes at once: write-ahead log, durable commits, waiting instead of `SQLITE_BUSY`."""
    connection = apsw.Connection(path)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


class Writer:
    """Runs jobs in one `BEGIN IMMEDIATE … COMMIT` for all that is queued; each fails alone, in its savepoint."""

    def __init__(self, path: str) -> None:
        self._connection = connect(path)
        self._jobs: queue.Queue[Job | None] = queue.Queue(MAX_QUEUED)
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def write(self, job: Callable[[apsw.Connection], T]) -> T:
        """Run `job` in a transaction and return its result once that is on disk. Raises what the job raised, or
        `StoreUnavailable`."""
        future: Future[T] = Future()
        try:
            self._jobs.put_nowait((job, future))
        except queue.Full as exc:
            raise StoreUnavailable("too many writes are queued for the SQLite file") from exc
        return await asyncio.shield(asyncio.wrap_future(future))

    def close(self) -> None:
        """Finish what is queued."""
        self._jobs.put(None)
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        open_ = True
        while open_:
            jobs = [self._jobs.get()]
            while not self._jobs.empty() and len(jobs) < MAX_QUEUED:
                jobs.append(self._jobs.get())
            open_ = None not in jobs
            self._commit([job for job in jobs if job is not None])

    def _commit(self, jobs: list[Job]) -> None:
        if not jobs:
            return
        outcomes: list[tuple[Future[Any], Any, BaseException | None]] = []
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._outcome(job, future) for job, future in jobs]
            self._connection.execute("COMMIT")
        except apsw.Error as exc:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            failure = StoreUnavailable(f"SQLite failed: {type(exc).__name__}")
            outcomes = [(future, None, failure) for _, future in jobs]
        for future, result, error in outcomes:
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def _outcome(
        self, job: Callable[[apsw.Connection], Any], future: "Future[Any]"
    ) -> tuple["Future[Any]", Any, BaseException | None]:
        try:
            with self._connection:  # a savepoint
                result = job(self._connection)
        except (apsw.FullError, apsw.IOError, apsw.BusyError):
            raise
        except RuncastError as error:
            return future, None, error
        except Exception as exc:
            return future, None, exc
        return future, result, None
