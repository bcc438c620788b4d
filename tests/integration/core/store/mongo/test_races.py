"""Updates of the MongoDB store that lose a race, each brought about on purpose."""

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from runcast_core.model.executions import Status
from runcast_core.model.identifiers import new_id
from runcast_core.store.mongo.store import MongoStore, open_mongo_store
from tests.parts.mongodb import database_url
from tests.parts.part import Part
from tests.parts.stores import requested

Action = Callable[[], Awaitable[object]]


@pytest.fixture
async def store(mongodb_part: Part) -> AsyncIterator[MongoStore]:
    async with open_mongo_store(database_url(mongodb_part.url, f"rc_{new_id()}")) as opened:
        yield opened


def _meanwhile(
    monkeypatch: pytest.MonkeyPatch, store: MongoStore, *, before: Action | None = None, after: Action | None = None
) -> None:
    """Let somebody else act just before or after the store's next read of an execution."""
    read = store.execution

    async def interrupted(organization_id: str, task_id: str):
        monkeypatch.setattr(store, "execution", read)
        if before:
            await before()
        found = await read(organization_id, task_id)
        if after:
            await after()
        return found

    monkeypatch.setattr(store, "execution", interrupted)


async def test_a_slot_that_only_looked_free_is_not_taken_twice(store: MongoStore, monkeypatch: pytest.MonkeyPatch):
    """The unique index decides, whatever the hint said: the next slot, or none."""

    async def all_look_free(organization_id: str, limit: int) -> list[str]:
        return [f"{organization_id}#{number}" for number in range(limit)]

    monkeypatch.setattr(store, "_free_slots", all_look_free)
    for number in range(3):
        await store.create_execution(requested("a", f"t{number}", created_at=number))
    claims = [await store.claim("a", runner_id="r", lease_ms=60_000, limit=2) for _ in range(3)]
    assert [claimed and claimed.task_id for claimed in claims] == ["t0", "t1", None]
    untouched = await store.execution("a", "t2")
    assert untouched is not None
    assert (untouched.status, untouched.attempt, untouched.rev) == (Status.PENDING, 0, 1)


async def test_cancelling_what_is_claimed_just_then_flags_it(store: MongoStore, monkeypatch: pytest.MonkeyPatch):
    """The claim wins, and its runner learns of the wish."""
    await store.create_execution(requested("a", "t"))
    _meanwhile(monkeypatch, store, after=lambda: store.claim("a", runner_id="r", lease_ms=60_000, limit=1))
    flagged = await store.request_cancel("a", "t")
    assert (flagged.status, flagged.cancel_requested) == (Status.RUNNING, True)


@pytest.mark.parametrize("known", [True, False])
async def test_of_two_reported_ends_the_first_wins(store: MongoStore, monkeypatch: pytest.MonkeyPatch, known: bool):
    """Whether the execution was known or both reports create it."""
    if known:
        await store.record_external("a", "t", Status.RUNNING)
    _meanwhile(monkeypatch, store, after=lambda: store.record_external("a", "t", Status.FAILED))
    assert (await store.record_external("a", "t", Status.PASSED)).status is Status.FAILED


async def test_a_report_that_begins_an_execution_notes_when(store: MongoStore):
    """Once, and not for one that is only queued."""
    queued = await store.record_external("a", "t", Status.PENDING)
    running = await store.record_external("a", "t", Status.RUNNING)
    ended = await store.record_external("a", "t", Status.PASSED)
    assert queued.started_at is None
    assert running.started_at is not None
    assert ended.started_at == running.started_at


async def test_a_task_id_that_is_deleted_just_then_is_free(store: MongoStore, monkeypatch: pytest.MonkeyPatch):
    """The new request is stored instead of failing on what is gone."""
    await store.record_external("a", "t", Status.PASSED)
    execution = requested("a", "t")
    _meanwhile(monkeypatch, store, before=lambda: store.delete_execution("a", "t"))
    assert await store.create_execution(execution) == (execution, True)


async def test_deleting_spares_an_execution_that_took_the_place_meanwhile(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
):
    """Only the one that was seen ended goes."""
    await store.record_external("a", "t", Status.PASSED)
    successor = requested("a", "t")

    async def replaced() -> None:
        await store.delete_execution("a", "t")
        await store.create_execution(successor)

    _meanwhile(monkeypatch, store, after=replaced)
    await store.delete_execution("a", "t")
    assert await store.execution("a", "t") == successor
