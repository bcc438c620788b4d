"""What is removed of old executions, and when, over every adapter of the store."""

from collections.abc import AsyncIterator

import anyio
import pytest

from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.accounts import Organization, Role, User
from runcast_core.model.clock import now_ms
from runcast_core.model.executions import LogChunk, Status
from runcast_core.model.identifiers import new_id
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from runcast_runner.executors.dummy_executor import DummyExecutor
from runcast_runner.queue import retention
from runcast_runner.queue.retention import DAY_MS, remove_old
from tests.parts.conditions import until
from tests.parts.runner import running_runner
from tests.parts.stores import requested, store_url  # noqa: F401 - a fixture


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        yield opened


async def _ended(store: Store, organization_id: str, task_id: str, chunks: int = 0, created_at: int = 1000) -> None:
    """Store an execution that was requested then and ended just now, and chunks of its output."""
    await store.create_execution(requested(organization_id, task_id, created_at=created_at, updated_at=created_at))
    await store.request_cancel(organization_id, task_id)
    await store.append_logs([LogChunk(organization_id, task_id, 1, seq, "x", 1) for seq in range(1, chunks + 1)])


async def _left(store: Store, organization_id: str) -> dict[str, int]:
    """Return the executions, oldest first, with the number of their chunks."""
    found = reversed(await store.executions(organization_id))
    return {e.task_id: len(await store.read_logs(organization_id, e.task_id, attempt=1)) for e in found}


async def test_the_oldest_goes_first_and_in_small_steps(store: Store):
    """Its output, so many chunks a step; then its record. Another organization's of the same name stays."""
    await _ended(store, "a", "new", 1, created_at=2000)
    await _ended(store, "a", "old", 5)
    await _ended(store, "b", "old", 5)
    later, seen = now_ms() + 1000, []
    while await store.purge("a", before=later, limit=2):
        seen.append(await _left(store, "a"))
    assert seen == [{"old": 3, "new": 1}, {"old": 1, "new": 1}, {"new": 1}, {}]
    assert await _left(store, "b") == {"old": 5}


async def test_what_goes_is_told_by_its_end(store: Store):
    """One that was requested long ago and ended just now stays; so does what has not ended at all."""
    begun = now_ms()
    await _ended(store, "a", "ended", 1)
    await store.create_execution(requested("a", "queued"))
    await store.record_external("a", "external", Status.RUNNING)
    assert not await store.purge("a", before=begun)
    assert await store.purge("a", before=now_ms() + 1000)
    assert not await store.purge("a", before=now_ms() + 1000)
    assert set(await _left(store, "a")) == {"queued", "external"}


async def test_nothing_goes_that_a_runner_may_still_hold(store: Store):
    """A worker's report ended it, but its runner may write until the lease is over."""
    await store.create_execution(requested("a", "t"))
    assert await store.claim("a", runner_id="r", lease_ms=700, limit=1)
    await store.record_external("a", "t", Status.FAILED)
    assert not await store.purge("a", before=now_ms() + 1000)
    await until(lambda: store.purge("a", before=now_ms() + 1000))
    assert await store.execution("a", "t") is None


async def test_many_remove_at_once(store: Store):
    """They get in nobody's way, and in the end all is gone."""
    for number in range(4):
        await _ended(store, "a", f"t{number}", 7)

    async def remove() -> None:
        while await store.purge("a", before=now_ms() + 1000, limit=2):
            pass

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(remove)
    assert await _left(store, "a") == {}
    assert [await store.read_logs("a", f"t{number}", attempt=1) for number in range(4)] == [[]] * 4


async def test_organizations_are_gone_through_in_order(store: Store):
    """Each once that has executions, also one that never signed up here."""
    for organization_id in ("b", "a", "c", "a"):
        await store.create_execution(requested(organization_id))
    found, at = [], ""
    while (at := await store.organization_after(at)) is not None:
        found.append(at)
    assert found == ["a", "b", "c"]


async def test_each_organization_keeps_as_long_as_it_says(store: Store, monkeypatch):
    """Its own days, else the installation's; 0 keeps everything."""
    for name, days in (("own", 3), ("forever", 0), ("unset", None)):
        organization = Organization(name, name, 1, retention_days=days)
        user = User(new_id(), name, f"{name}@example.com", "U", Role.ADMIN, "hash", 1)
        await store.create_account(organization, user)
    names = ("own", "forever", "unset", "unknown")
    for name in names:
        await _ended(store, name, "t", 1)
    now = now_ms()
    gone = []
    for default, days in ((0, 2), (0, 4), (5, 4), (5, 6)):
        monkeypatch.setattr(retention, "now_ms", lambda days=days: now + days * DAY_MS)
        await remove_old(store, default)
        gone.append([name for name in names if not await store.execution(name, "t")])
    assert gone == [[], ["own"], ["own"], ["own", "unset", "unknown"]]


async def test_a_runner_removes_what_is_old(store: Store, monkeypatch):
    """Now and then, by its setting."""
    monkeypatch.setattr(retention, "INTERVAL_S", 0.05)
    monkeypatch.setattr(retention, "now_ms", lambda: now_ms() + 2 * DAY_MS)
    await _ended(store, "a", "t", 3)
    async with running_runner(store, MemoryBus(), DummyExecutor(), RUNCAST_RETENTION_DAYS="1"):

        async def removed() -> bool:
            return await store.execution("a", "t") is None

        await until(removed)
    assert await store.read_logs("a", "t", attempt=1) == []
