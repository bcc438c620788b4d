"""The one thread that writes to a SQLite file: takes whatever is queued, commits it together, then answers."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import apsw

from runcast_core.model.errors import Conflict, StoreUnavailable
from runcast_core.store.sqlite.connections import unavailable

T = TypeVar("T")
Job = tuple[Callable[[apsw.Connection], Any], "Future[Any]"]
Outcome = tuple[Any, Exception | None]

MAX_QUEUED = 10_000


class Writer:
    """Runs jobs in one `BEGIN IMMEDIATE … COMMIT` for all that is queued; each fails alone, in its savepoint."""

    def __init__(self, connection: apsw.Connection, *, max_queued: int = MAX_QUEUED) -> None:
        self._connection = connection
        self._jobs: queue.Queue[Job | None] = queue.Queue(max_queued)
        self._closed = False
        self._closing = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def write(self, job: Callable[[apsw.Connection], T]) -> T:
        """Run `job` in a transaction and return its result once that is on disk. Raises what the job raised,
        `Conflict` where that was a violated constraint, or `StoreUnavailable`. A cancelled caller's job still runs."""
        future: Future[T] = Future()
        # So that cancelling the caller leaves the job to the thread, and its error to nobody: behind `asyncio.shield`,
        # CPython 3.11 would log it, with a traceback, as never retrieved.
        future.set_running_or_notify_cancel()
        self._enqueue((job, future))
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Finish what is queued, refuse the rest, and close the connection."""
        with self._closing:
            self._closed = True
        self._jobs.put(None)
        self._thread.join()
        self._connection.close()

    def _enqueue(self, job: Job) -> None:
        with self._closing:  # so that nothing is queued behind the end, where it would wait for ever
            if self._closed:
                raise StoreUnavailable("the SQLite file is closed")
            try:
                self._jobs.put_nowait(job)
            except queue.Full as exc:
                raise StoreUnavailable("too many writes are queued for the SQLite file") from exc

    def _run(self) -> None:
        open_ = True
        while open_:
            jobs = [self._jobs.get()]
            while not self._jobs.empty() and len(jobs) < MAX_QUEUED:
                jobs.append(self._jobs.get())
            open_ = None not in jobs
            self._commit([job for job in jobs if job is not None])

    def _commit(self, jobs: list[Job]) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            outcomes = [self._outcome(job) for job, _ in jobs]
            self._connection.execute("COMMIT")
        except apsw.Error as exc:
            with contextlib.suppress(apsw.Error):  # already rolled back; every caller is told of `exc`
                self._connection.execute("ROLLBACK")
            outcomes = [(None, unavailable(exc)) for _ in jobs]
        for (_, future), (result, error) in zip(jobs, outcomes, strict=True):
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

    def _outcome(self, job: Callable[[apsw.Connection], Any]) -> Outcome:
        self._connection.execute("SAVEPOINT job")
        try:
            result = job(self._connection)
        except apsw.Error as exc:
            if not self._connection.in_transaction:
                raise  # as on a full disk, SQLite gave up all of it: https://www.sqlite.org/lang_transaction.html
            self._undo()
            return None, _conflict(exc) if isinstance(exc, apsw.ConstraintError) else unavailable(exc)
        except Exception as exc:
            self._undo()
            return None, exc
        self._connection.execute("RELEASE job")
        return result, None

    def _undo(self) -> None:
        self._connection.execute("ROLLBACK TO job; RELEASE job")


def _conflict(exc: apsw.ConstraintError) -> Conflict:
    error = Conflict("a record with this key exists")
    error.__cause__ = exc
    return error
