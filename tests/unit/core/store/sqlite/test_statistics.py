"""What the SQLite store's statistics rest on: its indexes, and files of versions that had none."""

import re
from contextlib import closing
from pathlib import Path

import pytest

from runcast_core.model.executions import Status
from runcast_core.store.sqlite import statistics, statistics_tables
from runcast_core.store.sqlite.connections import connect
from runcast_core.store.sqlite.store import open_sqlite_store
from tests.parts.stores import requested


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "runcast.sqlite")


@pytest.mark.parametrize(("image", "index"), [((), "executions_ended"), (("i",), "executions_ended_of_image")])
async def test_ends_come_from_an_index_that_covers_them(path: str, image: tuple[str, ...], index: str):
    """In the order in which they are told: no row is read, and nothing is sorted."""
    sql = "EXPLAIN QUERY PLAN " + statistics._ENDED.format(" AND image = ?" if image else "")
    async with open_sqlite_store(path) as store:
        plan = await store._read(lambda c: [row[3] for row in c.execute(sql, ("a", *image, 1, 2, 3))])
    assert len(plan) == 1
    assert f"USING COVERING INDEX {index} (" in plan[0]
    assert "ended_at>? AND ended_at<?" in plan[0]


async def test_what_lives_in_a_file_of_the_version_before_is_counted_once(path: str):
    """But for deleted organizations; opening it again changes nothing."""
    async with open_sqlite_store(path) as store:
        for task_id, organization_id in (("t1", "a"), ("t2", "a"), ("t3", "a"), ("t", "gone")):
            await store.create_execution(requested(organization_id, task_id))
        await store.claim("a", runner_id="r", lease_ms=60_000, limit=9)
        await store.record_external("a", "reported", Status.ANALYZING)
        await store.request_cancel("a", "t3")
        await store.delete_organization("gone")
    _make_older(path)
    for _ in range(2):
        async with open_sqlite_store(path) as store:
            assert (await store.activity("a")).loads[-1] == (1, 2)
            assert (await store.activity("gone")).loads[-1] == (0, 0)
            assert [end.task_id for end in await store.ended("a", since=0, until=2**52, limit=9)] == ["t3"]
    async with open_sqlite_store(path) as store:
        await store.request_cancel("a", "t2")
        assert await store._read(lambda c: list(c.execute("SELECT * FROM loads"))) == [("a", 0, 2)]


def _make_older(path: str) -> None:
    """Remove from a file all that there is for statistics."""
    made = statistics_tables.TABLES + statistics_tables.INDEXES + statistics_tables.TRIGGERS
    with closing(connect(path)) as connection:
        for kind, name in reversed(re.findall(r"CREATE (\w+) IF NOT EXISTS (\w+)", made)):
            connection.execute(f"DROP {kind} {name}")


async def test_a_change_that_is_refused_changes_no_load(path: str):
    """Note and change are of one transaction."""
    async with open_sqlite_store(path) as store:
        await store.create_execution(requested("a", "t"))
        with pytest.raises(RuntimeError):
            await store._write(_cancelled_and_failed)
        assert (await store.activity("a")).loads[-1] == (1, 0)


def _cancelled_and_failed(connection) -> None:
    connection.execute("UPDATE executions SET status = 'CANCELLED'")
    raise RuntimeError
