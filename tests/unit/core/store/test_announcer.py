"""Announcing: publish, note, and what a failing store or bus leaves to the sweep."""

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from structlog.testing import capture_logs

from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import StoreUnavailable
from runcast_core.model.executions import ExecutionSummary
from runcast_core.store.announcer import announce, announce_revocation, sweep_revocations, sweep_unannounced
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from tests.parts.conditions import until
from tests.parts.stores import requested, summary_of


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite://{tmp_path}/runcast.sqlite") as store:
        yield store


NO_ANSWER = StoreUnavailable("no answer")


def _fail_once(monkeypatch: pytest.MonkeyPatch, store: Store, verb: str, error: Exception = NO_ANSWER) -> None:
    """Let the next call of one verb fail, as during a short interruption."""
    original = getattr(store, verb)

    async def failing(*_: object, **__: object) -> None:
        monkeypatch.setattr(store, verb, original)
        raise error

    monkeypatch.setattr(store, verb, failing)


async def _unannounced(store: Store) -> list[ExecutionSummary]:
    return await store.unannounced(before=now_ms() + 1)


async def test_what_was_published_is_noted(store: Store):
    """One event, and nothing is left for the sweep."""
    bus = MemoryBus()
    execution, _ = await store.create_execution(requested("a", "t"))
    await announce(store, bus, execution)
    assert [organization_id for organization_id, _ in bus.published] == ["a"]
    assert await _unannounced(store) == []


async def test_a_store_that_cannot_note_it_fails_no_caller(store: Store, monkeypatch: pytest.MonkeyPatch):
    """The event is out and the state is stored: the caller has succeeded, and the sweep repeats the event."""
    bus = MemoryBus()
    execution, _ = await store.create_execution(requested("a", "t"))
    _fail_once(monkeypatch, store, "announced")
    with capture_logs() as logs:
        await announce(store, bus, execution)
    assert [entry["event"] for entry in logs] == ["Broadcast execution-updated", "Announcement not noted"]
    assert await _unannounced(store) == [summary_of(execution)]


@pytest.mark.parametrize(
    ("verb", "error", "level"),
    [
        ("unannounced", NO_ANSWER, "warning"),
        ("unannounced", ValueError("s3cret is no status"), "error"),
        ("announced", RuntimeError("s3cret"), "error"),
    ],
)
async def test_the_sweep_outlives_what_a_round_raises(
    store: Store, monkeypatch: pytest.MonkeyPatch, verb: str, error: Exception, level: str
):
    """A store that was away, or an error that nobody foresaw: it is logged, by its kind alone unless it is one of ours,
    and the sweep looks again and announces what it then finds."""
    bus = MemoryBus()
    await store.create_execution(requested("a", "t"))
    _fail_once(monkeypatch, store, verb, error)

    async def announced() -> bool:
        return bool(bus.published) and not await _unannounced(store)

    with capture_logs() as logs:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: sweep_unannounced(store, bus, interval=0.01, older_than_ms=0))
            await until(announced)
            tasks.cancel_scope.cancel()
    assert [entry["log_level"] for entry in logs if entry["event"] == "Sweep of unannounced states failed"] == [level]
    assert "s3cret" not in str(logs)
    assert {event.task_id for _, event in bus.published} == {"t"}


async def test_a_revocation_is_told_and_noted(store: Store):
    """What Redis or the store could not take is left to the sweep, and fails no caller."""
    bus = MemoryBus()
    revocation = await store.revoke_sessions("a", "u", 1000)
    bus.down = True
    with capture_logs() as logs:
        await announce_revocation(store, bus, revocation, keep_s=60)
    assert [entry["event"] for entry in logs] == ["Revocation not told to gateways yet"]
    assert await store.unannounced_revocations() == [revocation]
    bus.down = False
    await announce_revocation(store, bus, revocation, keep_s=60)
    assert await bus.revocations("a") == {"u": 1000}
    assert await store.unannounced_revocations() == []


async def test_a_store_that_cannot_note_a_revocation_fails_no_caller(store: Store, monkeypatch: pytest.MonkeyPatch):
    """The gateways know it; the sweep tells them once more."""
    bus = MemoryBus()
    revocation = await store.revoke_sessions("a", "u", 1000)
    _fail_once(monkeypatch, store, "revocation_announced")
    with capture_logs() as logs:
        await announce_revocation(store, bus, revocation, keep_s=60)
    assert [entry["event"] for entry in logs] == ["Sessions revoked", "Announcement not noted"]
    assert await bus.revocations("a") == {"u": 1000}
    assert await store.unannounced_revocations() == [revocation]


@pytest.mark.parametrize("error", [NO_ANSWER, RuntimeError("s3cret")])
async def test_the_sweep_of_revocations_outlives_what_a_round_raises(
    store: Store, monkeypatch: pytest.MonkeyPatch, error: Exception
):
    """It looks again, and tells what it then finds."""
    bus = MemoryBus()
    await store.revoke_sessions("a", "u", 1000)
    _fail_once(monkeypatch, store, "unannounced_revocations", error)

    async def announced() -> bool:
        return bool(await bus.revocations("a")) and not await store.unannounced_revocations()

    with capture_logs() as logs:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: sweep_revocations(store, bus, keep_s=60, interval=0.01))
            await until(announced)
            tasks.cancel_scope.cancel()
    assert [entry["event"] for entry in logs].count("Sweep of unannounced revocations failed") == 1
    assert "s3cret" not in str(logs)


@pytest.mark.parametrize("claimed", [False, True])
async def test_the_sweep_tells_of_output_that_may_be_unpublished(store: Store, claimed: bool):
    """Whoever ended an attempt and was killed before it said so, may have owed a `resync`, too; what nobody ran has no
    output."""
    bus = MemoryBus()
    await store.create_execution(requested("a", "t"))
    if claimed:
        claim = await store.claim("a", runner_id="r", lease_ms=60_000, limit=1)
        assert claim is not None
        await store.release("a", "t", claim.fence)

    async def announced() -> bool:
        return not await _unannounced(store)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lambda: sweep_unannounced(store, bus, interval=0.01, older_than_ms=0))
        await until(announced)
        tasks.cancel_scope.cancel()
    names = [event.name for _, event in bus.published]
    assert names == (["resync", "execution-updated"] if claimed else ["execution-updated"])
