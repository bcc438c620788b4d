"""The contract of what is told of executions that ended, over every adapter."""

from collections.abc import AsyncIterator

import pytest

from runcast_core.model.executions import Status
from runcast_core.model.statistics import Ended
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from tests.parts.stores import requested, store_url  # noqa: F401 - a fixture

ALWAYS = {"since": 0, "until": 2**52}


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        yield opened


async def _end(store: Store, task_id: str, ended_at: int, image: str | None = "i", organization_id: str = "a") -> Ended:
    """Have an execution that ended at that time, after five milliseconds."""
    ended = Ended(task_id, image, Status.FAILED, ended_at - 5, ended_at)
    fields = {"image": image, "status": ended.status, "started_at": ended.started_at, "ended_at": ended_at}
    await store.create_execution(requested(organization_id, task_id, **fields))
    return ended


async def test_ends_are_told_the_last_first(store: Store):
    """Those at the same time by their ids; up to the limit."""
    ends = [await _end(store, task_id, at) for task_id, at in (("t1", 30), ("t2", 10), ("t3", 20), ("t4", 20))]
    expected = [ends[0], ends[3], ends[2], ends[1]]
    assert await store.ended("a", **ALWAYS, limit=9) == expected
    assert await store.ended("a", **ALWAYS, image="i", limit=9) == expected
    assert await store.ended("a", **ALWAYS, limit=2) == expected[:2]
    assert await store.ended("a", **ALWAYS, image="i", limit=2) == expected[:2]


async def test_a_period_begins_with_since_and_ends_before_until(store: Store):
    """To the millisecond."""
    ends = [await _end(store, f"t{at}", at) for at in (10, 11, 12, 13)]
    for image in (None, "i"):
        assert await store.ended("a", since=11, until=13, image=image, limit=9) == [ends[2], ends[1]]


async def test_only_the_organizations_own_and_only_of_that_image(store: Store):
    """The whole name, in the case in which it was given; without one asked for, also those that have none."""
    one = await _end(store, "t1", 10, "busybox")
    images = ["busybox:1", "Busybox", "%", None]
    others = [await _end(store, f"other{n}", 9 - n, image) for n, image in enumerate(images)]
    await _end(store, "foreign", 11, "busybox", organization_id="b")
    assert await store.ended("a", **ALWAYS, image="busybox", limit=9) == [one]
    assert await store.ended("a", **ALWAYS, image="%", limit=9) == [others[2]]
    assert await store.ended("a", **ALWAYS, limit=9) == [one, *others]


async def test_what_the_verbs_end_is_told(store: Store):
    """With its times; what never started has none, and what lives is not told, also between two attempts."""
    for name in ("passed", "retried", "waits", "cancelled"):
        await store.create_execution(requested("a", name, priority=-len(name)))
    held = {}
    for _ in range(2):
        claimed = await store.claim("a", runner_id="r", lease_ms=60_000, limit=9)
        assert claimed is not None
        held[claimed.task_id] = claimed
    await store.request_cancel("a", "cancelled")
    first, second = held.values()
    ended = await store.transition("a", first.task_id, first.fence, Status.PASSED)
    await store.requeue("a", second.task_id, second.fence, Status.FAILED)
    found = {end.task_id: end for end in await store.ended("a", **ALWAYS, limit=9)}
    assert set(found) == {first.task_id, "cancelled"}
    assert found[first.task_id] == Ended(first.task_id, "busybox", Status.PASSED, ended.started_at, ended.ended_at or 0)
    assert (found["cancelled"].status, found["cancelled"].duration_ms) == (Status.CANCELLED, None)
