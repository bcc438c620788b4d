"""How much of the file the verbs read and write: counted in pages, as times depend on the machine."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import apsw
import pytest

from runcast_core.model.executions import Status
from runcast_core.store.listing import Wanted
from runcast_core.store.sqlite.connections import connect
from runcast_core.store.sqlite.store import SqliteStore, open_sqlite_store
from tests.parts.stores import only, requested

COUNT = 100
SIZES = [100, 200_000]
"""Bytes of a request; the larger one takes 49 pages."""


@pytest.fixture(params=SIZES)
async def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return a file of executions with requests of that size. Those who open it anew have nothing of it in memory."""
    path = str(tmp_path / "runcast.sqlite")
    async with open_sqlite_store(path) as store:
        for number in range(COUNT):
            body = {"image": "busybox", "extra": "x" * request.param}
            await store.create_execution(requested("a", f"t{number:03}", request=body))
    return path


@pytest.fixture
async def store(path: str) -> AsyncIterator[SqliteStore]:
    async with open_sqlite_store(path) as opened:
        yield opened


def _counted(connections: list[apsw.Connection], kind: int) -> int:
    return sum(connection.status(kind)[0] for connection in connections)


@pytest.mark.parametrize(
    ("verb", "values"),
    [
        ("executions", {"organization_id": "a", "limit": COUNT}),
        ("executions", {"organization_id": "a", "limit": COUNT, "wanted": only(Status.PENDING)}),
        ("executions", {"organization_id": "a", "limit": COUNT, "wanted": Wanted(image="busybox", text="BUSY")}),
        ("unannounced", {"before": 2**53, "limit": COUNT}),
    ],
)
async def test_a_list_reads_few_pages_however_large_the_requests_are(
    store: SqliteStore, verb: str, values: dict[str, Any]
):
    """About one page holds ten executions."""
    before = _counted(store._readers, apsw.SQLITE_DBSTATUS_CACHE_MISS)
    assert len(await getattr(store, verb)(**values)) == COUNT
    assert _counted(store._readers, apsw.SQLITE_DBSTATUS_CACHE_MISS) - before < COUNT / 2


async def test_a_change_of_state_writes_few_pages_however_large_the_request_is(store: SqliteStore):
    """Its row, and the indexes that its state is in."""

    async def written() -> int:
        return await store._write(lambda c: c.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE)[0])

    before = await written()
    claimed = await store.claim("a", runner_id="r", lease_ms=10_000, limit=1)
    assert claimed is not None
    await store.renew("a", claimed.task_id, claimed.fence, lease_ms=10_000)
    await store.transition("a", claimed.task_id, claimed.fence, Status.PASSED)
    assert await written() - before < 40


async def test_a_deleted_execution_leaves_no_request(path: str, store: SqliteStore):
    """Whoever deletes it: its organization, or its age."""
    for number in range(COUNT):
        await store.request_cancel("a", f"t{number:03}")
    await store.delete_execution("a", "t000")
    assert await store.purge("a", before=2**53)
    with connect(path) as connection:
        assert list(connection.execute("SELECT count(*) FROM requests")) == [(COUNT - 2,)]
    connection.close()
