"""What only the store on SQLite can meet: a bad file, a lock of another process, its own end."""

import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import anyio
import anyio.to_thread
import apsw
import pytest

from runcast_core.bus.revocations import REMOVED, Revocation
from runcast_core.model.accounts import Organization, Role, User
from runcast_core.model.errors import Conflict, SettingError, StoreUnavailable
from runcast_core.model.executions import Attempt, Execution, LogChunk, OutputEnd, Status
from runcast_core.model.identifiers import EVERYBODY
from runcast_core.store.sqlite import connections as sqlite_connections
from runcast_core.store.sqlite import logs as sqlite_logs
from runcast_core.store.sqlite import queue as sqlite_queue
from runcast_core.store.sqlite import schema as sqlite_schema
from runcast_core.store.sqlite import store as sqlite_store
from runcast_core.store.sqlite.connections import connect
from runcast_core.store.sqlite.rows import tuples
from runcast_core.store.sqlite.store import SqliteStore, open_sqlite_store
from tests.parts.stores import requested


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "runcast.sqlite")


@pytest.fixture
async def store(path: str) -> AsyncIterator[SqliteStore]:
    async with open_sqlite_store(path) as opened:
        yield opened


async def test_what_an_earlier_version_revoked_or_deleted_is_told(path: str):
    """Its revocations count as noted now; its deleted organizations are revoked, and those of today are left alone."""
    with closing(connect(path)) as connection:
        connection.execute(sqlite_schema.SCHEMA)
        connection.execute("INSERT INTO organizations VALUES ('d', '', 1, NULL, 1), ('e', '', 1, NULL, 0)")
        connection.execute("INSERT INTO revocations VALUES ('a', 'u', 1000, 0)")
    for number in range(2):
        async with open_sqlite_store(path) as store:
            [found] = await store.unannounced_revocations() or [None]
            assert found == (None if number else Revocation("d", EVERYBODY, REMOVED))
            if found is not None:
                await store.revocation_announced(found)
            recent = await store.recent_revocations(within_ms=3_600_000)
            assert recent == [Revocation("a", "u", 1000), Revocation("d", EVERYBODY, REMOVED)]


async def test_attempts_and_marks_of_standard_error_are_kept(path: str):
    """As they were given."""
    ended = Attempt(1, Status.FAILED, 9, 5, "exit code 1", 1, OutputEnd(3, 70, "ab" * 32, 9))
    lost = Attempt(2, Status.ERROR, 12, None, "runner lost")
    execution = replace(requested("a"), attempts=(ended, lost), priority=3, pool="gpu", fingerprint="f")
    chunk = LogChunk("a", execution.task_id, 1, 1, "out\nerr\nerr", 7, stderr=((1, 2),), first_line=4)
    async with open_sqlite_store(path) as store:
        await store.create_execution(execution)
        await store.append_logs([chunk])
        assert await store.execution("a", execution.task_id) == execution
        assert await store.read_logs("a", execution.task_id, attempt=1) == [chunk]


async def test_places_are_found_without_reading_text(store: SqliteStore):
    """Counts, the chunk of a line and the end of a worker's output come from indexes that have all that is asked."""
    for sql, values in ((sqlite_logs._COUNTS, (0, 9)), (sqlite_logs._OF_LINE, (7,)), (sqlite_logs._LAST, ())):
        plan = await store._read(lambda c, s=sql, v=values: tuples(c, f"EXPLAIN QUERY PLAN {s}", "a", "t", 1, *v))
        assert [" USING COVERING INDEX " in step[3] for step in plan] == [True], plan


async def test_what_was_stored_is_there_after_reopening(path: str):
    """The tables are created once; a second opening finds the first one's records."""
    execution = requested("a")
    async with open_sqlite_store(path) as store:
        await store.create_execution(execution)
    async with open_sqlite_store(path) as store:
        assert await store.execution("a", execution.task_id) == execution


async def test_commits_are_durable_and_readers_do_not_wait_for_the_writer(path: str):
    """Write-ahead log with `synchronous = FULL` (2) on every connection."""
    with connect(path) as connection:
        assert list(connection.execute("PRAGMA journal_mode")) == [("wal",)]
        assert list(connection.execute("PRAGMA synchronous")) == [(2,)]
    connection.close()


async def test_a_missing_folder_names_the_variable(tmp_path: Path):
    """Folders are not made up."""
    with pytest.raises(SettingError, match="RUNCAST_SQLITE_PATH: the folder of"):
        async with open_sqlite_store(str(tmp_path / "no" / "x.sqlite")):
            pass


async def test_a_file_of_another_kind_is_a_setting_error(path: str):
    """It is left as it was."""
    Path(path).write_bytes(b"not a database, but long enough to look at" * 100)
    with pytest.raises(SettingError, match="cannot be opened"):
        async with open_sqlite_store(path):
            pass


async def test_a_failed_opening_leaves_no_thread_and_no_connection(path: str, monkeypatch: pytest.MonkeyPatch):
    """Tables that cannot be created close everything again, so the log beside the file is gone."""
    monkeypatch.setattr(sqlite_schema, "SCHEMA", "CREATE TABLE executions (x) STRICT;")
    with pytest.raises(SettingError):
        async with open_sqlite_store(path):
            pass
    assert "sqlite-writer" not in {thread.name for thread in threading.enumerate()}
    assert not Path(f"{path}-wal").exists()


async def test_a_file_that_stays_locked_is_unavailable_not_a_wrong_setting(path: str, monkeypatch: pytest.MonkeyPatch):
    """Another process may let go of it: the error is temporary."""
    monkeypatch.setattr(sqlite_connections, "BUSY_TIMEOUT_MS", 50)
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="BusyError"):
        async with open_sqlite_store(path):
            pass
    other.close()


async def test_a_new_file_that_another_process_keeps_is_unavailable(path: str, monkeypatch: pytest.MonkeyPatch):
    """It is waited for as long as for any lock, and no longer."""
    monkeypatch.setattr(sqlite_connections, "BUSY_TIMEOUT_MS", 50)
    with closing(apsw.Connection(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreUnavailable, match="BusyError"):
            async with open_sqlite_store(path):
                pass


async def test_a_new_file_that_another_process_lets_go_of_is_opened(path: str, monkeypatch: pytest.MonkeyPatch):
    """It is tried again; here the other one ends while it is waited for."""
    monkeypatch.setattr(sqlite_connections, "BUSY_TIMEOUT_MS", 50)
    with closing(apsw.Connection(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        clock = SimpleNamespace(monotonic=lambda: 0.0, sleep=lambda _: other.execute("ROLLBACK"))
        monkeypatch.setattr(sqlite_connections, "time", clock)
        async with open_sqlite_store(path) as store:
            assert await store.execution("a", "t") is None


async def test_a_write_that_waits_too_long_for_another_process_is_unavailable(
    path: str, monkeypatch: pytest.MonkeyPatch
):
    """Afterwards, the same write succeeds."""
    monkeypatch.setattr(sqlite_connections, "BUSY_TIMEOUT_MS", 50)
    execution = requested("a")
    async with open_sqlite_store(path) as store:
        other = connect(path)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="BusyError"):
            await store.create_execution(execution)
        other.close()
        assert await store.create_execution(execution) == (execution, True)


async def test_a_closed_store_is_unavailable(path: str):
    """Nobody waits for ever for an answer that nobody gives."""
    async with open_sqlite_store(path) as store:
        pass
    with anyio.fail_after(5):
        with pytest.raises(StoreUnavailable):
            await store.ping()
        with pytest.raises(StoreUnavailable, match="closed"):
            await store.announced("a", "t", 1)


async def test_closing_finishes_what_is_queued(path: str):
    """A write that was accepted before the end is on disk after it."""
    executions = [requested("a") for _ in range(50)]
    async with anyio.create_task_group() as group, open_sqlite_store(path) as store:
        for execution in executions:
            group.start_soon(store.create_execution, execution)
        await anyio.wait_all_tasks_blocked()
    async with open_sqlite_store(path) as store:
        assert len(await store.executions("a", limit=100)) == 50


async def test_reads_use_no_more_connections_than_there_are(store: SqliteStore):
    """Readers take turns; all get an answer."""
    await store.create_execution(requested("a", "t"))
    found: list[Execution | None] = []

    async def read() -> None:
        found.append(await store.execution("a", "t"))

    async with anyio.create_task_group() as group:
        for _ in range(10 * sqlite_store._READERS):
            group.start_soon(read)
    assert len(found) == 10 * sqlite_store._READERS
    assert None not in found


async def test_an_account_whose_key_exists_is_a_conflict(store: SqliteStore):
    """A violated constraint that no verb foresees is no fault of the store."""
    organization = Organization("a", "A", 1)
    user = User("u", "a", "a@example.com", "U", Role.ADMIN, "hash", 1)
    await store.create_account(organization, user)
    with pytest.raises(Conflict):
        await store.create_account(organization, replace(user, user_id="v", email="v@example.com"))
    assert await store.user_by_email("v@example.com") is None


@pytest.mark.parametrize("sql", [sqlite_queue._FIRST, sqlite_queue._TAKEN])
async def test_a_claim_does_not_walk_through_what_has_ended(path: str, store: SqliteStore, sql: str):
    """It reads only executions of the status it wants, in the order it wants: an organization may have any history."""
    with connect(path) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", ("a",) * sql.count("?"))]
    connection.close()
    assert len(plan) == 1
    assert "executions_queued (status=? AND organization_id=?" in plan[0]


def test_many_may_open_a_new_file_at_once(tmp_path: Path):
    """None of them is told that it is busy."""
    together = threading.Barrier(8)

    def connected(path: Path) -> None:
        together.wait(10)
        connect(str(path)).close()

    with ThreadPoolExecutor(8) as pool:
        for number in range(40):
            list(pool.map(connected, [tmp_path / f"{number}.sqlite"] * 8, timeout=30))
