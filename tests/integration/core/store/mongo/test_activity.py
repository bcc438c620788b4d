"""What the MongoDB store does where a change of state and its note come apart: it has no transactions."""

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from pymongo.errors import AutoReconnect
from structlog.testing import capture_logs

from runcast_core.model.executions import Execution, Status
from runcast_core.model.identifiers import new_id
from runcast_core.model.statistics import Load
from runcast_core.store.mongo.store import MongoStore, open_mongo_store
from tests.parts.mongodb import database_url
from tests.parts.part import Part
from tests.parts.past import pass_minutes, within_one_minute
from tests.parts.stores import requested


@pytest.fixture
async def store(mongodb_part: Part) -> AsyncIterator[MongoStore]:
    async with open_mongo_store(database_url(mongodb_part.url, f"rc_{new_id()}")) as opened:
        await within_one_minute()
        yield opened


async def _unnoted(*_: Any, **__: Any) -> None:
    raise AutoReconnect("connection closed")


async def _claim(store: MongoStore) -> Execution:
    claimed = await store.claim("a", runner_id="r", lease_ms=60_000, limit=9)
    assert claimed is not None
    return claimed


async def _kept(store: MongoStore) -> Load:
    """Return the load that is noted, which nobody has counted for this."""
    document = await store._activity.find_one({"_id": "a"})
    assert document is not None
    return Load(document["waiting"], document["running"])


async def test_a_change_that_cannot_be_noted_is_made_all_the_same(store: MongoStore, monkeypatch: pytest.MonkeyPatch):
    """It is logged, and whoever asks has it counted."""
    await store.create_execution(requested("a", "t1"))
    with monkeypatch.context() as patch, capture_logs() as logs:
        patch.setattr(store, "_add", _unnoted)
        await store.create_execution(requested("a", "t2"))
        claimed = await _claim(store)
        assert (await store.transition("a", claimed.task_id, claimed.fence, Status.PASSED)).status is Status.PASSED
        await store.create_execution(requested("a", "t3"))
    assert [(entry["event"], entry["organization_id"]) for entry in logs] == [("Activity not noted", "a")] * 4
    assert await _kept(store) == (1, 0)
    assert (await store.activity("a")).loads[-1] == (2, 0)
    assert await _kept(store) == (2, 0)


async def test_whoever_begins_a_minute_counts_what_there_is(store: MongoStore, monkeypatch: pytest.MonkeyPatch):
    """So that nobody needs to ask; within the minute nothing is counted."""
    await store.create_execution(requested("a", "t1"))
    with monkeypatch.context() as patch:
        patch.setattr(store, "_add", _unnoted)
        await store.create_execution(requested("a", "t2"))
    await store.create_execution(requested("a", "t3"))
    assert await _kept(store) == (2, 0)
    await pass_minutes(store, 1)
    await store.create_execution(requested("a", "t4"))
    assert await _kept(store) == (4, 0)


async def test_what_changes_while_it_is_counted_is_not_undone(store: MongoStore, monkeypatch: pytest.MonkeyPatch):
    """Who counted sets nothing then."""
    await store.create_execution(requested("a", "t1"))
    await store._activity.update_one({"_id": "a"}, {"$set": {"waiting": 7}})
    count = store._number

    async def interrupted(organization_id: str, statuses: Any) -> int:
        found = await count(organization_id, statuses)
        monkeypatch.setattr(store, "_number", count)
        await store.create_execution(requested("a", "t2"))
        return found

    monkeypatch.setattr(store, "_number", interrupted)
    await store._count("a")
    assert await _kept(store) == (8, 0)
    await store._count("a")
    assert await _kept(store) == (2, 0)


async def test_executions_of_a_version_that_noted_nothing_are_counted(store: MongoStore):
    """By the first change, or by whoever asks; what was noted too often never shows as less than nothing."""
    for number in range(3):
        await store.create_execution(requested("a", f"t{number}"))
    await store._activity.drop()
    assert (await store.activity("a")).loads[-1] == (3, 0)
    await store._activity.drop()
    await _claim(store)
    assert await _kept(store) == (2, 1)
    await store._activity.update_one({"_id": "a"}, {"$set": {"running": -4}})
    assert min(load.running for load in (await store.activity("a")).loads) >= 0


async def test_most_changes_write_once(store: MongoStore, monkeypatch: pytest.MonkeyPatch):
    """Only a new highest, and a new minute, need another."""
    for number in range(3):
        await store.create_execution(requested("a", f"t{number}"))
    claimed = await _claim(store)
    writes: list[Any] = []

    async def counted(*arguments: Any, **_: Any) -> None:
        writes.append(arguments)

    monkeypatch.setattr(store._activity, "update_one", counted)
    await store.transition("a", claimed.task_id, claimed.fence, Status.PASSED)
    await store.create_execution(requested("a", "t4"))
    assert writes == []
    await store.create_execution(requested("a", "t5"))
    assert len(writes) == 1


async def test_an_organization_that_is_deleted_just_then_leaves_nothing(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
):
    """Though its execution was counted before."""
    number = store._number

    async def interrupted(organization_id: str, statuses: Any) -> int:
        monkeypatch.setattr(store, "_number", number)
        await store.delete_organization("a")
        return await number(organization_id, statuses)

    monkeypatch.setattr(store, "_number", interrupted)
    await store.create_execution(requested("a", "t"))
    assert await store._activity.find_one({"_id": "a"}) is None


async def test_of_many_that_begin_at_once_one_counts(store: MongoStore, monkeypatch: pytest.MonkeyPatch):
    """A thousand requests at once are not slowed by a thousand counts."""
    counts: list[str] = []
    number = store._number

    async def counted(organization_id: str, statuses: Any) -> int:
        counts.append(organization_id)
        return await number(organization_id, statuses)

    monkeypatch.setattr(store, "_number", counted)
    async with anyio.create_task_group() as tasks:
        for each in range(30):
            tasks.start_soon(store.create_execution, requested("a", f"t{each}"))
    assert counts == ["a"] * 2  # what waits, and what runs
    assert (await store.activity("a")).loads[-1] == (30, 0)
