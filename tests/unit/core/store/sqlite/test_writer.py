"""The thread that writes: one commit for many jobs, each of them alone; a full queue, a full disk."""

import asyncio
import gc
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import anyio
import anyio.to_thread
import apsw
import pytest

from runcast_core.model.errors import Conflict, LeaseLost, StoreUnavailable
from runcast_core.store.sqlite.connections import connect
from runcast_core.store.sqlite.writer import Writer


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "runcast.sqlite")


@pytest.fixture
async def writer(path: str) -> AsyncIterator[Writer]:
    writer = Writer(connect(path), max_queued=3)
    await writer.write(_sql("CREATE TABLE t (x UNIQUE)"))
    yield writer
    await anyio.to_thread.run_sync(writer.close)


def _sql(text: str) -> Callable[[apsw.Connection], list]:
    return lambda connection: list(connection.execute(text))


async def _outcome(writer: Writer, job: Callable[[apsw.Connection], object], outcomes: list, place: int) -> None:
    try:
        outcomes[place] = await writer.write(job)
    except Exception as exc:
        outcomes[place] = exc


async def _batch(writer: Writer, *jobs: Callable[[apsw.Connection], object]) -> list:
    """Run the jobs in one commit: the writer is kept busy until all of them are queued."""
    busy, go = threading.Event(), threading.Event()
    outcomes: list = [None] * len(jobs)

    def hold(_: apsw.Connection) -> None:
        busy.set()
        go.wait(10)

    async with anyio.create_task_group() as group:
        group.start_soon(writer.write, hold)
        await anyio.to_thread.run_sync(busy.wait, 10)
        for place, job in enumerate(jobs):
            group.start_soon(_outcome, writer, job, outcomes, place)
        await anyio.wait_all_tasks_blocked()
        go.set()
    return outcomes


async def test_a_full_queue_refuses_at_once(writer: Writer):
    """Writes beyond the bound are unavailable; those within it are done."""
    outcomes = await _batch(writer, *[_sql(f"INSERT INTO t VALUES ({n})") for n in range(5)])
    refused = [outcome for outcome in outcomes if isinstance(outcome, StoreUnavailable)]
    assert [error.message for error in refused] == ["too many writes are queued for the SQLite file"] * 2
    assert await writer.write(_sql("SELECT count(*) FROM t")) == [(3,)]


async def test_a_job_that_fails_takes_nothing_with_it_and_leaves_nothing(writer: Writer):
    """Within one commit, each job is whole or not there."""

    def half_done(connection: apsw.Connection) -> None:
        connection.execute("INSERT INTO t VALUES ('half')")
        raise KeyError("half")

    outcomes = await _batch(
        writer,
        half_done,
        _sql("INSERT INTO t VALUES (1)"),
        _sql("INSERT INTO t VALUES (2); INSERT INTO t VALUES (1)"),
    )
    assert [type(outcome) for outcome in outcomes] == [KeyError, list, Conflict]
    assert await writer.write(_sql("SELECT x FROM t")) == [(1,)]


async def test_a_full_disk_fails_every_write_of_the_commit(writer: Writer):
    """All are told so, with SQLite's reason as the cause, and none is there; a smaller one still fits later."""
    await writer.write(_sql("INSERT INTO t VALUES (0)"))
    pages = (await writer.write(_sql("PRAGMA page_count")))[0][0]
    writer._connection.execute(f"PRAGMA max_page_count = {pages}")
    big = _sql("INSERT INTO t VALUES (hex(zeroblob(100000)))")
    outcomes = await _batch(writer, _sql("INSERT INTO t VALUES (1)"), big, _sql("INSERT INTO t VALUES (2)"))
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 3
    assert {type(outcome.__cause__) for outcome in outcomes} == {apsw.FullError}
    await writer.write(_sql("INSERT INTO t VALUES (3)"))
    assert await writer.write(_sql("SELECT x FROM t")) == [(0,), (3,)]


async def test_a_job_that_sqlite_cannot_run_is_unavailable_alone(writer: Writer):
    """The others of the same commit are done."""
    outcomes = await _batch(writer, _sql("SELECT * FROM missing"), _sql("INSERT INTO t VALUES (1)"))
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable, list]
    assert await writer.write(_sql("SELECT x FROM t")) == [(1,)]


async def test_a_transaction_that_sqlite_gave_up_fails_every_write_in_it(writer: Writer):
    """After a disk error nobody is told that a write is on disk which is not; the next ones are served."""
    outcomes = await _batch(
        writer, _sql("INSERT INTO t VALUES (1)"), _sql("ROLLBACK"), _sql("INSERT INTO t VALUES (2)")
    )
    assert [type(outcome) for outcome in outcomes] == [StoreUnavailable] * 3
    await writer.write(_sql("INSERT INTO t VALUES (3)"))
    assert await writer.write(_sql("SELECT x FROM t")) == [(3,)]


async def test_a_cancelled_caller_leaves_the_writer_at_work(writer: Writer):
    """Its job is done all the same; the next caller is served."""
    busy, go = threading.Event(), threading.Event()

    def hold(connection: apsw.Connection) -> None:
        busy.set()
        go.wait(10)
        connection.execute("INSERT INTO t VALUES (1)")

    async with anyio.create_task_group() as group:
        group.start_soon(writer.write, hold)
        await anyio.to_thread.run_sync(busy.wait, 10)
        group.cancel_scope.cancel()
    go.set()
    assert await writer.write(_sql("SELECT x FROM t")) == [(1,)]


async def test_the_error_of_a_cancelled_callers_job_is_nobodys(writer: Writer):
    """Such as a lost lease, told to a renewal that is not waited for any more: the interpreter logs no traceback."""
    told: list[dict] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    busy, go = threading.Event(), threading.Event()

    def hold(_: apsw.Connection) -> None:
        busy.set()
        go.wait(10)
        raise LeaseLost("the execution has ended")

    async with anyio.create_task_group() as group:
        group.start_soon(writer.write, hold)
        await anyio.to_thread.run_sync(busy.wait, 10)
        group.cancel_scope.cancel()
    go.set()
    assert await writer.write(_sql("SELECT x FROM t")) == []
    gc.collect()
    assert told == []
