"""The contract of phases over every adapter: what a running attempt waits for is a state of its own, until the next."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import pytest

from runcast_core.model.clock import now_ms
from runcast_core.model.errors import Conflict, LeaseLost
from runcast_core.model.executions import Execution, Phase, Status
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from tests.parts.conditions import until
from tests.parts.stores import requested, store_url, summary_of  # noqa: F401 - a fixture


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        yield opened


async def _pulling(store: Store, *, lease_ms: int = 60_000, **config: object) -> Execution:
    """Return a claimed execution, requested with this `config`, that has a phase."""
    await store.create_execution(requested("a", "t", request={"image": "busybox", "config": config}))
    claimed = await store.claim("a", runner_id="r", lease_ms=lease_ms, limit=10)
    assert claimed is not None
    assert claimed.phase is None
    return await store.note_phase("a", "t", claimed.fence, Phase.PULLING)


async def test_a_phase_is_a_state_that_everybody_sees_and_is_told(store: Store):
    """It raises `rev`, is unannounced until it was published, and changes nothing else."""
    await store.create_execution(requested("a", "t"))
    claimed = await store.claim("a", runner_id="r", lease_ms=60_000, limit=10)
    assert claimed is not None
    await store.announced("a", "t", claimed.rev)
    for number, phase in enumerate((Phase.PULLING, Phase.STARTING, None), 1):
        noted = await store.note_phase("a", "t", claimed.fence, phase)
        changed = {"rev": claimed.rev + number, "updated_at": noted.updated_at}
        assert noted == replace(claimed, phase=phase, **changed)
        assert await store.execution("a", "t") == noted
        assert await store.summary("a", "t") == summary_of(noted)
        assert await store.executions("a") == [summary_of(noted)]
        assert await store.held_by("r") == [summary_of(noted)]
        assert await store.unannounced(before=now_ms() + 1) == [summary_of(noted)]
        await store.announced("a", "t", noted.rev)
        assert await store.unannounced(before=now_ms() + 1) == []
    assert await store.renew("a", "t", claimed.fence, lease_ms=60_000) is False
    assert await store.execution("a", "t") == noted


async def _requested_end(store: Store, known: Execution) -> Execution:
    await store.request_cancel("a", "t")
    return await store.release("a", "t", known.fence)


async def _lost(store: Store, known: Execution) -> Execution:
    return await until(lambda: store.expire("a", "t", known.fence))


CHANGES: dict[str, Callable[[Store, Execution], Awaitable[Execution]]] = {
    "analyzed": lambda store, known: store.transition("a", "t", known.fence, Status.ANALYZING),
    "ended": lambda store, known: store.transition("a", "t", known.fence, Status.ERROR),
    "tried again": lambda store, known: store.requeue("a", "t", known.fence, Status.FAILED),
    "handed back": lambda store, known: store.release("a", "t", known.fence),
    "reported": lambda store, known: store.record_external("a", "t", Status.PASSED),
    "reported to run": lambda store, known: store.record_external("a", "t", Status.RUNNING),
    "cancelled": _requested_end,
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
async def test_the_next_state_has_no_phase(store: Store, change: Callable[[Store, Execution], Awaitable[Execution]]):
    """Whoever changes it, and wherever to."""
    known = await _pulling(store)
    changed = await change(store, known)
    assert (changed.phase, changed.rev) == (None, known.rev + 1)
    assert await store.execution("a", "t") == changed


@pytest.mark.parametrize("config", [{}, {"retryOnLoss": True}])
async def test_the_state_after_a_lost_runner_has_no_phase(store: Store, config: dict[str, object]):
    """It has ended, or waits for another attempt."""
    known = await _pulling(store, lease_ms=1, **config)
    assert [summary.phase for summary in await until(store.expired)] == [Phase.PULLING]
    assert (await _lost(store, known)).phase is None


async def test_the_next_attempt_begins_without_a_phase(store: Store):
    """Its image may be there by now."""
    known = await _pulling(store)
    released = await store.release("a", "t", known.fence)
    await store.announced("a", "t", released.rev)
    again = await store.claim("a", runner_id="r", lease_ms=60_000, limit=10)
    assert again is not None
    assert (again.phase, again.attempt) == (None, 2)


async def test_a_wish_to_cancel_is_no_change_of_state(store: Store):
    """So the phase stays until its runner has ended it; and it can still be told the next one."""
    known = await _pulling(store)
    assert await store.request_cancel("a", "t") == replace(known, cancel_requested=True)
    noted = await store.note_phase("a", "t", known.fence, Phase.STARTING)
    assert (noted.phase, noted.cancel_requested) == (Phase.STARTING, True)


@pytest.mark.parametrize("wrong", [{"runner_id": "other"}, {"attempt": 2}, {"created_at": 1}])
async def test_a_phase_of_another_attempt_changes_nothing(store: Store, wrong: dict[str, object]):
    """Nor one of another organization's execution."""
    known = await _pulling(store)
    with pytest.raises(LeaseLost):
        await store.note_phase("a", "t", replace(known.fence, **wrong), Phase.STARTING)
    with pytest.raises(LeaseLost):
        await store.note_phase("b", "t", known.fence, Phase.STARTING)
    assert await store.execution("a", "t") == known


async def test_only_what_is_running_has_a_phase(store: Store):
    """A report may be faster than a pull's end: there is no way back. Nor is there any after the end."""
    known = await _pulling(store)
    analyzing = await store.record_external("a", "t", Status.ANALYZING)
    with pytest.raises(Conflict) as caught:
        await store.note_phase("a", "t", known.fence, Phase.STARTING)
    assert caught.value.code == "NOT_FORWARD"
    assert await store.execution("a", "t") == analyzing
    ended = await store.transition("a", "t", known.fence, Status.PASSED)
    with pytest.raises(LeaseLost):
        await store.note_phase("a", "t", known.fence, Phase.STARTING)
    assert await store.execution("a", "t") == ended
