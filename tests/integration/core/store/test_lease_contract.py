"""The contract of claims, slots, fencing and leases, over every adapter; then by several processes at once."""

import asyncio
import collections
import multiprocessing
import random
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import anyio
import pytest

from runcast_core.model.accounts import Organization, Role, User
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import Conflict, LeaseLost
from runcast_core.model.executions import Execution, Status
from runcast_core.model.identifiers import new_id
from runcast_core.store.open import open_store
from runcast_core.store.store import ANNOUNCE_GRACE_MS, Backlog, Store
from tests.parts.conditions import until
from tests.parts.stores import only, requested, store_url  # noqa: F401 - a fixture

PROCESSES, ORGANIZATIONS, EXECUTIONS, LIMIT = 4, 3, 90, 2


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        yield opened


async def _claim(store: Store, organization_id: str = "a", runner: str = "r", lease_ms: int = 60_000) -> Execution:
    claimed = await store.claim(organization_id, runner_id=runner, lease_ms=lease_ms, limit=10)
    assert claimed is not None
    return claimed


async def test_claims_take_the_oldest_up_to_the_limit(store: Store):
    """Slots are exact; an end frees one; external executions are never claimed."""
    for number in range(3):
        await store.create_execution(requested("a", f"t{number}", created_at=number))
    await store.record_external("a", "external", Status.PENDING)
    first = await store.claim("a", runner_id="r", lease_ms=60_000, limit=2)
    second = await store.claim("a", runner_id="r", lease_ms=60_000, limit=2)
    assert first is not None
    assert second is not None
    assert [(e.task_id, e.status, e.attempt, e.rev, e.runner_id) for e in (first, second)] == [
        ("t0", Status.RUNNING, 1, 2, "r"),
        ("t1", Status.RUNNING, 1, 2, "r"),
    ]
    assert await store.claim("a", runner_id="r", lease_ms=60_000, limit=2) is None
    ended = await store.transition("a", "t0", first.fence, Status.FAILED, exit_code=3)
    assert (ended.status, ended.exit_code, ended.rev, ended.ended_at is not None) == (Status.FAILED, 3, 3, True)
    assert (await store.claim("a", runner_id="r", lease_ms=60_000, limit=2) or first).task_id == "t2"
    await store.transition("a", "t1", second.fence, Status.PASSED)
    assert await store.claim("a", runner_id="r", lease_ms=60_000, limit=2) is None


async def test_a_report_of_one_attempt_counts_only_while_that_runs(store: Store):
    """Not before another attempt's, not once it ended or is queued again, not of an execution that was there before
    under its name, and it creates none."""
    await store.create_execution(requested("a", "t"))
    first = await _claim(store)
    for stale in (
        first.attempt_key._replace(attempt=0),
        first.attempt_key._replace(attempt=2),
        first.attempt_key._replace(created_at=first.created_at - 1),
        first.attempt_key._replace(organization_id="b"),
    ):
        with pytest.raises(LeaseLost):
            await store.record_external(stale.organization_id, "t", Status.PASSED, attempt=stale)
    assert await store.execution("b", "t") is None
    assert await store.record_external("a", "t", None, attempt=first.attempt_key) == first
    analyzing = await store.record_external("a", "t", Status.ANALYZING, attempt=first.attempt_key)
    assert (analyzing.status, analyzing.rev) == (Status.ANALYZING, first.rev + 1)
    queued = await store.requeue("a", "t", first.fence, Status.FAILED)
    with pytest.raises(LeaseLost):
        await store.record_external("a", "t", Status.PASSED, attempt=first.attempt_key)
    await store.announced("a", "t", queued.rev)
    second = await _claim(store)
    with pytest.raises(LeaseLost):
        await store.record_external("a", "t", Status.PASSED, attempt=first.attempt_key)
    assert await store.execution("a", "t") == second
    passed = await store.record_external("a", "t", Status.PASSED, attempt=second.attempt_key)
    assert passed.status is Status.PASSED
    with pytest.raises(LeaseLost):
        await store.record_external("a", "t", None, attempt=second.attempt_key)


async def test_what_is_about_to_be_announced_is_passed_over(store: Store):
    """So `PENDING` is published before `RUNNING`; what nobody announced in time is claimed all the same."""
    now = now_ms()
    await store.create_execution(requested("a", "fresh", created_at=1, updated_at=now))
    await store.create_execution(requested("a", "next", created_at=2, updated_at=now))
    assert await store.claim("a", runner_id="r", lease_ms=60_000, limit=10) is None
    await store.announced("a", "next", 1)
    assert (await _claim(store)).task_id == "next"
    claimed = await until(lambda: store.claim("a", runner_id="r", lease_ms=60_000, limit=10))
    assert claimed.task_id == "fresh"
    assert now_ms() - now >= ANNOUNCE_GRACE_MS


async def test_a_lowered_limit_counts_what_was_claimed_under_the_higher_one(store: Store):
    """Slots above the limit are still taken: nothing is claimed until fewer than the limit run."""
    for number in range(5):
        await store.create_execution(requested("a", f"t{number}", created_at=number))
    claimed = [await store.claim("a", runner_id="r", lease_ms=60_000, limit=3) for _ in range(3)]
    held = [execution for execution in claimed if execution is not None]
    await store.transition("a", "t0", held[0].fence, Status.PASSED)
    assert await store.claim("a", runner_id="r", lease_ms=60_000, limit=2) is None
    await store.transition("a", "t1", held[1].fence, Status.PASSED)
    assert await store.claim("a", runner_id="r", lease_ms=60_000, limit=2)
    assert await store.claim("a", runner_id="r", lease_ms=60_000, limit=2) is None


async def test_backlogs_name_who_runs_least_then_who_waited_longest(store: Store):
    """Organizations with nothing queued are not named; a known limit is."""
    organization = Organization("c", "C", 1, 7)
    await store.create_account(organization, User(new_id(), "c", "c@example.com", "C", Role.ADMIN, "h", 1))
    for name in ("a", "a", "a", "b", "b", "c"):
        await store.create_execution(requested(name))
    await store.record_external("d", "external", Status.PENDING)
    claimed = await _claim(store, "a")
    assert await store.backlogs() == [Backlog("b", 0, None), Backlog("c", 0, 7), Backlog("a", 1, None)]
    await store.transition("a", claimed.task_id, claimed.fence, Status.PASSED)
    assert [backlog.organization_id for backlog in await store.backlogs()] == ["b", "c", "a"]


async def test_a_write_with_another_fence_matches_nothing(store: Store):
    """Another runner, attempt, execution of this task id, or organization, or an ended execution: the lease is lost."""
    await store.create_execution(requested("a", "t"))
    fence = (await _claim(store)).fence
    for change in ({"runner_id": "other"}, {"attempt": 2}, {"created_at": fence.created_at - 1}):
        wrong = replace(fence, **change)
        with pytest.raises(LeaseLost):
            await store.renew("a", "t", wrong, lease_ms=1000)
        with pytest.raises(LeaseLost):
            await store.transition("a", "t", wrong, Status.PASSED)
        with pytest.raises(LeaseLost):
            await store.release("a", "t", wrong)
    with pytest.raises(LeaseLost):
        await store.renew("b", "t", fence, lease_ms=1000)
    await store.transition("a", "t", fence, Status.ANALYZING)
    await store.transition("a", "t", fence, Status.PASSED)
    with pytest.raises(LeaseLost):
        await store.transition("a", "t", fence, Status.FAILED)


async def test_a_renewal_carries_the_wish_to_cancel(store: Store):
    """False until it was requested."""
    await store.create_execution(requested("a", "t"))
    fence = (await _claim(store)).fence
    assert await store.renew("a", "t", fence, lease_ms=1000) is False
    await store.request_cancel("a", "t")
    assert await store.renew("a", "t", fence, lease_ms=1000) is True


async def test_a_released_execution_is_claimed_again_as_the_next_attempt(store: Store):
    """Its old fence is worth nothing; one whose cancelling was requested ends instead."""
    await store.create_execution(requested("a", "t"))
    first = await _claim(store)
    assert [e.task_id for e in await store.held_by("r")] == ["t"]
    released = await store.release("a", "t", first.fence)
    assert (released.status, released.rev, released.runner_id) == (Status.PENDING, 3, None)
    assert released.started_at is None
    assert await store.held_by("r") == []
    await store.announced("a", "t", released.rev)
    second = await _claim(store, runner="r2")
    assert second.attempt == 2
    with pytest.raises(LeaseLost):
        await store.renew("a", "t", first.fence, lease_ms=1000)
    await store.request_cancel("a", "t")
    assert (await store.release("a", "t", second.fence)).status is Status.CANCELLED


async def test_a_lease_that_ran_out_ends_the_execution_once(store: Store):
    """A renewed one is spared; the end is `ERROR` with `runner lost`, and frees the slot."""
    await store.create_execution(requested("a", "lost"))
    await store.create_execution(requested("a", "kept"))
    lost, kept = await _claim(store, lease_ms=1), await _claim(store, lease_ms=1)

    async def both_expired() -> bool:
        return len(await store.expired()) == 2

    await until(both_expired)
    await store.renew("a", kept.task_id, kept.fence, lease_ms=60_000)
    assert [e.task_id for e in await store.expired()] == [lost.task_id]
    ended = await store.expire("a", lost.task_id, lost.fence)
    assert ended is not None
    assert (ended.status, ended.error) == (Status.ERROR, "runner lost")
    assert await store.expire("a", lost.task_id, lost.fence) is None
    assert await store.expire("a", kept.task_id, kept.fence) is None


async def test_a_reported_end_takes_the_execution_from_its_runner(store: Store):
    """The first terminal status wins, also when it came through a callback."""
    await store.create_execution(requested("a", "t"))
    fence = (await _claim(store)).fence
    await store.record_external("a", "t", Status.PASSED)
    with pytest.raises(LeaseLost):
        await store.transition("a", "t", fence, Status.FAILED)


async def test_an_execution_is_not_deleted_while_a_runner_may_still_write(store: Store):
    """Requested again it would begin at attempt 1, which is the old runner's fence: only once its lease ran out."""
    await store.create_execution(requested("a", "t"))
    await _claim(store, lease_ms=700)
    await store.record_external("a", "t", Status.FAILED)
    with pytest.raises(Conflict) as caught:
        await store.delete_execution("a", "t")
    assert (caught.value.code, await store.expired()) == ("STILL_LIVE", [])

    async def deleted() -> bool:
        with suppress(Conflict):
            await store.delete_execution("a", "t")
        return await store.execution("a", "t") is None

    await until(deleted)


@pytest.mark.parametrize("status", [Status.PASSED, Status.CANCELLED])
async def test_what_its_runner_ended_is_deleted_at_once(store: Store, status: Status):
    """By a terminal status, or by handing back what was to be cancelled."""
    await store.create_execution(requested("a", "t"))
    fence = (await _claim(store)).fence
    if status is Status.CANCELLED:
        await store.request_cancel("a", "t")
        await store.release("a", "t", fence)
    else:
        await store.transition("a", "t", fence, status)
    await store.delete_execution("a", "t")
    assert await store.execution("a", "t") is None


async def _work(url: str, runner: str, results: list[tuple[str, int, int]]) -> int:
    """Claim and end executions until none is left; return the most that ran at once in one organization."""
    most = 0
    async with open_store(url) as store:
        while backlogs := await store.backlogs():
            organization = random.choice(backlogs).organization_id
            job = await store.claim(organization, runner_id=runner, lease_ms=30_000, limit=LIMIT)
            if job is None:
                continue
            running = await store.executions(organization, only(Status.RUNNING), limit=50)
            most = max(most, len(running))
            await store.renew(organization, job.task_id, job.fence, lease_ms=30_000)
            ended = await store.transition(organization, job.task_id, job.fence, Status.PASSED)
            results.append((f"{organization}/{job.task_id}", job.attempt, ended.rev))
    return most


def _process(url: str, runner: str, answers) -> None:
    results: list[tuple[str, int, int]] = []
    most = asyncio.run(_work(url, runner, results))
    answers.put((results, most))


async def test_processes_at_once_claim_each_execution_once_and_never_above_the_limit(store_url: str):  # noqa: F811
    """Four processes, three organizations, a limit of two: exact."""
    async with open_store(store_url) as store:
        for number in range(EXECUTIONS):
            await store.create_execution(requested(f"o{number % ORGANIZATIONS}", f"t{number}"))
    context = multiprocessing.get_context("spawn")
    answers = context.Queue()
    workers = [context.Process(target=_process, args=(store_url, f"r{k}", answers)) for k in range(PROCESSES)]
    for worker in workers:
        worker.start()
    outcomes = [await anyio.to_thread.run_sync(lambda: answers.get(timeout=90)) for _ in workers]
    for worker in workers:
        worker.join()
    claimed = collections.Counter(key for results, _ in outcomes for key, _, _ in results)
    assert len(claimed) == EXECUTIONS
    assert set(claimed.values()) == {1}
    assert {(attempt, rev) for results, _ in outcomes for _, attempt, rev in results} == {(1, 3)}
    assert max(most for _, most in outcomes) <= LIMIT
