"""How files of older versions are brought up to date."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from runcast_core.model.errors import SettingError
from runcast_core.model.executions import Attempt, Execution, LogChunk, Status, canonical
from runcast_core.store.log_store import Place
from runcast_core.store.sqlite import schema
from runcast_core.store.sqlite.connections import connect, open_connections
from runcast_core.store.sqlite.store import open_sqlite_store

FIRST_VERSION = """
CREATE TABLE organizations (
    organization_id TEXT PRIMARY KEY, name TEXT NOT NULL, created_at INTEGER NOT NULL,
    concurrency_limit INTEGER, deleted INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE executions (
    organization_id TEXT NOT NULL, task_id TEXT NOT NULL, image TEXT, request TEXT NOT NULL,
    created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, status TEXT NOT NULL, rev INTEGER NOT NULL,
    attempt INTEGER NOT NULL, source TEXT NOT NULL, requested_by TEXT, runner_id TEXT,
    cancel_requested INTEGER NOT NULL DEFAULT 0, error TEXT, exit_code INTEGER, started_at INTEGER, ended_at INTEGER,
    slot TEXT NOT NULL UNIQUE, lease_until INTEGER, unannounced INTEGER NOT NULL DEFAULT 1,
    PRIMARY KEY (organization_id, task_id)
) STRICT;
CREATE INDEX executions_newest ON executions (organization_id, created_at DESC, task_id DESC);
CREATE INDEX executions_unannounced ON executions (updated_at) WHERE unannounced = 1;
CREATE TABLE log_chunks (
    id INTEGER PRIMARY KEY, organization_id TEXT NOT NULL, task_id TEXT NOT NULL, attempt INTEGER NOT NULL,
    seq INTEGER NOT NULL, text TEXT NOT NULL, ts INTEGER NOT NULL
) STRICT;
"""
VERSION_BEFORE = f"""
{FIRST_VERSION}
ALTER TABLE executions ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE executions ADD COLUMN pool TEXT NOT NULL DEFAULT 'default';
ALTER TABLE executions ADD COLUMN fingerprint TEXT NOT NULL DEFAULT '';
ALTER TABLE executions ADD COLUMN attempts TEXT NOT NULL DEFAULT '[]';
CREATE INDEX executions_queued ON executions
    (status, organization_id, source, pool, priority DESC, created_at, task_id);
"""
"""Its executions: with their requests in one row."""
OUTPUT_BEFORE = """
ALTER TABLE log_chunks ADD COLUMN stderr TEXT NOT NULL DEFAULT '[]';
CREATE UNIQUE INDEX log_chunks_key ON log_chunks (organization_id, task_id, attempt, seq);
"""
OUTPUT_INSERT = "INSERT INTO log_chunks (organization_id, task_id, attempt, seq, text, ts, stderr) VALUES"
INSERT = """
INSERT INTO executions (organization_id, task_id, request, created_at, updated_at, status, rev, attempt, source, slot)
VALUES (?, ?, ?, 1, 1, 'PENDING', 1, 0, 'api', ?)
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "runcast.sqlite")


def _older_file(path: str, tables: str, requests: dict[str, dict[str, str]]) -> None:
    with closing(connect(path)) as connection:
        connection.execute(tables)
        values = [("a", task_id, canonical(request), f"a/{task_id}") for task_id, request in requests.items()]
        connection.executemany(INSERT, values)


def _columns(path: str) -> set[str]:
    with closing(connect(path)) as connection:
        return {row[1] for row in connection.execute("PRAGMA table_info(executions)")}


async def test_a_file_of_the_first_version_is_given_what_came_later(path: str):
    """Its records stay, with what they would have had; opening it again changes nothing."""
    _older_file(path, FIRST_VERSION, {"t": {"image": "i"}})
    with closing(connect(path)) as connection:
        connection.execute("INSERT INTO organizations VALUES ('a', 'A', 1, NULL, 0)")
        connection.execute("INSERT INTO log_chunks VALUES (1, 'a', 't', 1, 1, 'line', 1)")
    for _ in range(2):
        async with open_sqlite_store(path) as store:
            expected = Execution("a", "t", None, 1, 1, request={"image": "i"})
            assert await store.execution("a", "t") == expected
            assert [chunk.stderr for chunk in await store.read_logs("a", "t", attempt=1)] == [()]
            organization = await store.organization("a")
            assert organization is not None
            assert (organization.retention_days, organization.timeout_limit_s) == (None, None)


async def test_output_of_the_version_before_has_no_line_numbers(path: str):
    """What is there cannot be counted without reading all of it, and nothing behind it is given a wrong number."""
    _older_file(path, f"{VERSION_BEFORE}; {OUTPUT_BEFORE}", {"t": {"image": "i"}})
    with closing(connect(path)) as connection:
        for attempt in (0, 1):
            row = f"('a', 't', {attempt}, ?, 'one\ntwo', 1, '[[1,1]]')"
            connection.executemany(f"{OUTPUT_INSERT} {row}", [(1,), (2,)])
    async with open_sqlite_store(path) as store:
        assert (await store.append_external_log("a", "t", "x", 1)).first_line is None
        await store.append_logs([LogChunk("a", "t", 1, 3, "five\nsix", 1, first_line=5)])
    async with open_sqlite_store(path) as store:
        found = await store.read_logs("a", "t", attempt=1)
        assert [(chunk.seq, chunk.stderr, chunk.first_line) for chunk in found] == [
            (1, ((1, 1),), None),
            (2, ((1, 1),), None),
            (3, (), 5),
        ]
        assert await store.read_logs_before("a", "t", attempt=1) == found
        assert await store.line_counts("a", "t", attempt=1) == [None, None, 2]
        assert await store.line_counts("a", "t", attempt=0) == [None, None, 1]
        last = Place(3, 5, 2)
        assert [await store.chunk_of_line("a", "t", attempt=1, line=line) for line in (1, 5, 7)] == [None, last, last]


async def test_requests_of_the_version_before_are_moved_and_all_else_stays(path: str):
    """Whatever their size and their number, with gaps where executions were removed; then they can be claimed."""
    requests = {f"t{n:02}": {"image": "i", "n": str(n), "extra": "x" * size} for n, size in enumerate([0, 9_000] * 20)}
    _older_file(path, VERSION_BEFORE, requests)
    ended = Attempt(1, Status.FAILED, 9, 5, "exit code 1", 1)
    with closing(connect(path)) as connection:
        connection.execute("DELETE FROM executions WHERE rowid BETWEEN 5 AND 28")
        set_ = "priority = 3, pool = 'gpu', fingerprint = 'f', attempts = ?, rev = 4, unannounced = 0"
        connection.execute(f"UPDATE executions SET {set_} WHERE task_id = 't30'", (schema.column((ended,)),))
    for _ in range(2):
        async with open_sqlite_store(path) as store:
            left = [execution.task_id for execution in await store.executions("a", limit=100)]
            assert sorted(left) == [f"t{n:02}" for n in range(40) if not 4 <= n < 28]
            for task_id in set(left) - {"t30"}:
                expected = Execution("a", task_id, None, 1, 1, request=requests[task_id])
                assert await store.execution("a", task_id) == expected
            known = {"priority": 3, "pool": "gpu", "fingerprint": "f", "attempts": (ended,), "rev": 4}
            assert await store.execution("a", "t30") == replace(
                expected, task_id="t30", request=requests["t30"], **known
            )
    assert "request" not in _columns(path)
    async with open_sqlite_store(path) as store:
        claimed = await store.claim("a", runner_id="r", lease_ms=1000, limit=1)
        assert claimed is not None
        assert claimed.request == requests["t00"]


@pytest.mark.parametrize("size", [100, 9_000, 300_000])
async def test_a_move_leaves_no_copy_and_does_not_double_the_file(path: str, size: int):
    """Requests hold secrets: what is not overwritten where they were is still to be read, be it a free page. That the
    older version itself left copies where it split a page is as it was."""
    _older_file(path, VERSION_BEFORE, {f"t{n}": {"extra": "x" * size, "secret": f"secret-{n}-"} for n in range(25)})
    before = Path(path).read_bytes()
    async with open_sqlite_store(path):
        pass
    after = Path(path).read_bytes()
    assert after.count(b"secret-") <= before.count(b"secret-")
    assert len(after) < 1.5 * len(before) + 150_000


async def test_a_move_that_is_broken_off_is_done_by_the_next_opening(path: str, monkeypatch: pytest.MonkeyPatch):
    """It leaves the file of the version before as it was."""
    _older_file(path, VERSION_BEFORE, {f"t{n}": {"n": str(n)} for n in range(25)})
    before = _columns(path)
    with monkeypatch.context() as patch:
        patch.setattr(schema, "ADOPTED", "SELECT * FROM nothing")
        with pytest.raises(SettingError, match="nothing"):
            async with open_sqlite_store(path):
                pass
    assert _columns(path) == before
    with closing(connect(path)) as connection:
        assert list(connection.execute("SELECT request FROM executions WHERE task_id = 't7'")) == [('{"n":"7"}',)]
    async with open_sqlite_store(path) as store:
        for n in range(25):
            found = await store.execution("a", f"t{n}")
            assert found is not None
            assert found.request == {"n": str(n)}


async def test_what_is_deleted_later_is_deleted_as_ever(path: str, monkeypatch: pytest.MonkeyPatch):
    """Overwriting is for what is moved: every deletion of output would pay for it."""
    _older_file(path, VERSION_BEFORE, {"t": {}})
    with closing(apsw.Connection(":memory:")) as plain:
        usual = list(plain.execute("PRAGMA secure_delete"))
    async with open_sqlite_store(path) as store:
        assert await store._write(lambda c: list(c.execute("PRAGMA secure_delete"))) == usual


def test_of_many_that_open_an_older_file_at_once_one_moves_the_requests(path: str):
    """As the services of an installation do when they start; the others wait for it."""
    _older_file(path, VERSION_BEFORE, {f"t{n}": {"extra": "x" * 9_000} for n in range(200)})
    together = threading.Barrier(4)

    def opened() -> None:
        together.wait(10)
        for connection in open_connections(path, 2):
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(opened) for _ in range(4)]:
            future.result(30)
    with closing(connect(path)) as connection:
        assert list(connection.execute("SELECT count(*) FROM executions JOIN requests USING (task_id)")) == [(200,)]
