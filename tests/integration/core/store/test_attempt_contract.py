"""The contract of attempts over every adapter: how each ended, what follows, and that a write does both at once."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from runcast_core.model.attempts import MAX_LOSSES
from runcast_core.model.errors import Conflict, LeaseLost
from runcast_core.model.executions import Attempt, Execution, OutputEnd, Status
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from tests.parts.conditions import until
from tests.parts.stores import requested, store_url  # noqa: F401 - a fixture

OUTPUT = OutputEnd(7, 2100, "ab" * 32)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        yield opened


async def _claimed(store: Store, task_id: str = "t", *, lease_ms: int = 60_000, **config: object) -> Execution:
    """Request it, unless that was done, and claim it."""
    request = {"image": "busybox", "config": config}
    execution, _ = await store.create_execution(requested("a", task_id, request=request))
    await store.announced("a", task_id, execution.rev)
    claimed = await store.claim("a", runner_id="r", lease_ms=lease_ms, limit=10)
    assert claimed is not None
    return claimed


async def _lost(store: Store, claimed: Execution) -> Execution:
    """Wait until its lease has run out, and end it for that."""
    return await until(lambda: store.expire("a", claimed.task_id, claimed.fence))


def _told(attempt: Attempt) -> tuple[object, ...]:
    return attempt.number, attempt.status, attempt.error, attempt.exit_code, attempt.output


async def test_an_end_records_its_attempt(store: Store):
    """With its times, what is known of its result and the end of its output; no state before records anything."""
    claimed = await _claimed(store)
    analyzing = await store.transition("a", "t", claimed.fence, Status.ANALYZING, exit_code=1)
    assert analyzing.attempts == ()
    ended = await store.transition("a", "t", claimed.fence, Status.FAILED, error="1 of 9 failed", output=OUTPUT)
    [attempt] = ended.attempts
    assert _told(attempt) == (1, Status.FAILED, "1 of 9 failed", 1, OUTPUT)
    assert (attempt.started_at, ended.ended_at) == (claimed.started_at, pytest.approx(attempt.ended_at, abs=1000))
    assert await store.execution("a", "t") == ended


async def test_an_attempt_may_end_otherwise_than_its_execution(store: Store):
    """It passed, while the execution is `UNSTABLE` for an earlier one."""
    fence = (await _claimed(store)).fence
    ended = await store.transition("a", "t", fence, Status.UNSTABLE, exit_code=0, result=Status.PASSED)
    assert ended.status is Status.UNSTABLE
    assert [_told(attempt) for attempt in ended.attempts] == [(1, Status.PASSED, None, 0, None)]


async def test_a_requeued_execution_is_claimed_again_and_keeps_its_attempts(store: Store):
    """Its slot is free at once, nothing of its first result is left on it, and the old fence is worth nothing."""
    first = await _claimed(store)
    await store.transition("a", "t", first.fence, Status.ANALYZING, error="so far", exit_code=9)
    told = {"error": "boom", "exit_code": 3, "output": OUTPUT}
    queued = await store.requeue("a", "t", first.fence, Status.FAILED, **told)
    assert (queued.status, queued.rev, queued.attempt, queued.runner_id) == (Status.PENDING, 4, 1, None)
    assert (queued.error, queued.exit_code, queued.started_at, queued.ended_at) == (None, None, None, None)
    assert [e.rev for e in await store.unannounced(before=queued.updated_at + 1)] == [4]
    assert await store.expired() == await store.held_by("r") == []
    await store.announced("a", "t", queued.rev)
    second = await store.claim("a", runner_id="r", lease_ms=60_000, limit=1)
    assert second is not None
    assert (second.attempt, second.attempts) == (2, queued.attempts)
    for verb in (store.transition, store.requeue):
        with pytest.raises(LeaseLost):
            await verb("a", "t", first.fence, Status.FAILED)
    ended = await store.transition("a", "t", second.fence, Status.PASSED, exit_code=0)
    assert [_told(attempt) for attempt in ended.attempts] == [
        (1, Status.FAILED, "boom", 3, OUTPUT),
        (2, Status.PASSED, None, 0, None),
    ]
    with pytest.raises(LeaseLost):
        await store.requeue("a", "t", second.fence, Status.FAILED)


@pytest.mark.parametrize("verb", ["requeue", "release", "expire"])
async def test_what_is_to_be_cancelled_is_not_tried_again(store: Store, verb: str):
    """It ends, with its attempt recorded, and may be deleted at once."""
    claimed = await _claimed(store, lease_ms=1 if verb == "expire" else 60_000, retryOnLoss=True)
    await store.request_cancel("a", "t")
    if verb == "requeue":
        ended = await store.requeue("a", "t", claimed.fence, Status.TIMED_OUT, error="late")
    elif verb == "release":
        ended = await store.release("a", "t", claimed.fence)
    else:
        ended = await _lost(store, claimed)
    assert (ended.status, ended.rev, ended.ended_at is not None) == (Status.CANCELLED, 3, True)
    results = {"requeue": Status.TIMED_OUT, "release": Status.CANCELLED, "expire": Status.ERROR}
    assert [(attempt.number, attempt.status) for attempt in ended.attempts] == [(1, results[verb])]
    await store.delete_execution("a", "t")


async def test_handing_back_records_no_attempt(store: Store):
    """It did not end: what is claimed next is another."""
    claimed = await _claimed(store)
    assert (await store.release("a", "t", claimed.fence)).attempts == ()


async def test_a_lost_execution_is_tried_again_a_few_times_where_that_is_allowed(store: Store):
    """Each loss is recorded; after the last one it ends, as it would at once without `retryOnLoss`."""
    for loss in range(1, MAX_LOSSES + 1):
        queued = await _lost(store, await _claimed(store, lease_ms=1, retryOnLoss=True))
        assert (queued.status, queued.error, len(queued.attempts)) == (Status.PENDING, None, loss)
        await store.announced("a", "t", queued.rev)
    ended = await _lost(store, await _claimed(store, lease_ms=1, retryOnLoss=True))
    assert (ended.status, ended.error) == (Status.ERROR, "runner lost")
    told = [(attempt.number, attempt.status, attempt.error) for attempt in ended.attempts]
    assert told == [(number, Status.ERROR, "runner lost") for number in range(1, MAX_LOSSES + 2)]


@pytest.mark.parametrize("config", [{}, {"retryOnLoss": False}, {"retryAttempts": 5}, {"retryOnLoss": "yes"}])
async def test_another_lost_execution_ends(store: Store, config: dict):
    """With its attempt recorded; only `true` allows another."""
    ended = await _lost(store, await _claimed(store, lease_ms=1, **config))
    assert (ended.status, ended.error) == (Status.ERROR, "runner lost")
    assert [_told(attempt) for attempt in ended.attempts] == [(1, Status.ERROR, "runner lost", None, None)]


async def test_failures_do_not_use_up_what_losses_may(store: Store):
    """Only attempts whose runner was lost are counted."""
    claimed = await _claimed(store, retryOnLoss=True)
    for _ in range(MAX_LOSSES + 1):
        queued = await store.requeue("a", "t", claimed.fence, Status.FAILED)
        await store.announced("a", "t", queued.rev)
        claimed = await _claimed(store, lease_ms=1, retryOnLoss=True)
    assert (await _lost(store, claimed)).status is Status.PENDING


@pytest.mark.parametrize("status", [Status.RUNNING, Status.PENDING])
async def test_a_runner_does_not_go_back(store: Store, status: Status):
    """From `ANALYZING` to `RUNNING`, or to the queue but by the verbs for that: refused, and nothing is changed."""
    fence = (await _claimed(store)).fence
    analyzing = await store.transition("a", "t", fence, Status.ANALYZING)
    with pytest.raises(Conflict) as caught:
        await store.transition("a", "t", fence, status)
    assert caught.value.code == "NOT_FORWARD"
    assert await store.execution("a", "t") == analyzing
    assert await store.expired() == []
    with pytest.raises(LeaseLost):
        await store.transition("a", "t", replace(fence, runner_id="other"), status)
