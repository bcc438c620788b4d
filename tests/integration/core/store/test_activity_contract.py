"""The contract of activity, over every adapter: what waits and runs, by minutes of the last hour."""

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import anyio
import pytest

from runcast_core.model.executions import Execution, Status
from runcast_core.model.statistics import MINUTES, NOTHING, Load
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from tests.parts.conditions import until
from tests.parts.past import kept_minutes, pass_minutes, within_one_minute
from tests.parts.stores import requested, store_url  # noqa: F401 - a fixture

PROCESSES, EACH, LIMIT = 3, 15, 4


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        await within_one_minute()
        yield opened


async def _loads(store: Store, last: int) -> list[Load]:
    """Return the load of so many minutes, the newest last."""
    return list((await store.activity("a")).loads[-last:])


async def _changed(store: Store) -> tuple[Load, Load]:
    """Return the highest load since the last look, and the one that is left; a minute later nobody has changed it."""
    await pass_minutes(store, 1)
    most, now = await _loads(store, 2)
    await pass_minutes(store, 1)
    return most, now


async def _claim(store: Store, lease_ms: int = 60_000) -> Execution:
    claimed = await store.claim("a", runner_id="r", lease_ms=lease_ms, limit=10)
    assert claimed is not None
    return claimed


async def test_every_change_of_state_counts(store: Store):
    """Creation, claim, hand-back, another attempt, end, cancelling and deletion."""
    for name in ("t1", "t2", "t3"):
        await store.create_execution(requested("a", name))
    assert await _changed(store) == ((3, 0), (3, 0))
    await store.create_execution(requested("a", "t3"))  # the same again
    first, second = await _claim(store), await _claim(store)
    assert await _changed(store) == ((3, 2), (1, 2))
    released = await store.release("a", first.task_id, first.fence)
    assert await _changed(store) == ((2, 2), (2, 1))
    await store.transition("a", second.task_id, second.fence, Status.ANALYZING)
    assert await _changed(store) == ((2, 1), (2, 1))
    again = await store.requeue("a", second.task_id, second.fence, Status.FAILED)
    assert await _changed(store) == ((3, 1), (3, 0))
    for execution in (released, again):
        await store.announced("a", execution.task_id, execution.rev)
    third = await _claim(store)
    await store.transition("a", third.task_id, third.fence, Status.PASSED)
    assert await _changed(store) == ((3, 1), (2, 0))
    await store.request_cancel("a", "t3")
    assert await _changed(store) == ((2, 0), (1, 0))
    await store.delete_execution("a", "t3")
    assert await _changed(store) == ((1, 0), (1, 0))


async def test_the_highest_of_a_minute_stays(store: Store):
    """Of each of both, whatever follows."""
    for name in ("t1", "t2", "t3"):
        await store.create_execution(requested("a", name))
    held = [await _claim(store) for _ in range(3)]
    for claimed in held:
        await store.transition("a", claimed.task_id, claimed.fence, Status.PASSED)
    assert await _changed(store) == ((3, 3), (0, 0))


async def test_what_was_to_be_cancelled_counts_until_it_was(store: Store):
    """The wish changes nothing; the runner that hands it back ends it."""
    await store.create_execution(requested("a", "t"))
    claimed = await _claim(store)
    await store.request_cancel("a", "t")
    assert await _changed(store) == ((1, 1), (0, 1))
    assert (await store.release("a", "t", claimed.fence)).status is Status.CANCELLED
    assert await _changed(store) == ((0, 1), (0, 0))


@pytest.mark.parametrize(("retried", "left"), [(False, (0, 0)), (True, (1, 0))])
async def test_a_lease_that_runs_out_counts(store: Store, retried: bool, left: tuple[int, int]):
    """Whether it ends the execution, or another attempt follows."""
    request = {"image": "busybox", "config": {"retryOnLoss": retried}}
    await store.create_execution(requested("a", "t", request=request))
    claimed = await _claim(store, lease_ms=1)

    async def expired() -> bool:
        return await store.expire("a", "t", claimed.fence) is not None

    await until(expired)
    assert await _changed(store) == ((1, 1), left)


async def test_reports_of_workers_count(store: Store):
    """What they begin, what they take forward, and what they end, also of a runner; a refused or repeated one not."""
    for status in (Status.PENDING, Status.PENDING, Status.RUNNING, None, Status.ANALYZING):
        await store.record_external("a", "reported", status)
    await store.record_external("a", "unknown", Status.PASSED)
    assert await _changed(store) == ((1, 1), (0, 1))
    for status in (Status.FAILED, Status.PASSED, Status.RUNNING):
        await store.record_external("a", "reported", status)
    assert await _changed(store) == ((0, 1), (0, 0))
    await store.create_execution(requested("a", "t"))
    await _claim(store)
    await store.record_external("a", "t", Status.FAILED)
    assert await _changed(store) == ((1, 1), (0, 0))


async def test_minutes_without_a_change_carry_the_last_value_on(store: Store):
    """Between two changes, after the last one, and before the first of the hour."""
    assert await _loads(store, MINUTES) == [NOTHING] * MINUTES
    await store.create_execution(requested("a", "t1"))
    await pass_minutes(store, 3)
    await store.create_execution(requested("a", "t2"))
    claimed = await _claim(store)
    await pass_minutes(store, 2)
    assert await _loads(store, 7) == [(0, 0), (1, 0), (1, 0), (1, 0), (2, 1), (1, 1), (1, 1)]
    await pass_minutes(store, MINUTES)
    assert await _loads(store, MINUTES) == [(1, 1)] * MINUTES
    await store.transition("a", claimed.task_id, claimed.fence, Status.PASSED)
    await pass_minutes(store, 1)
    assert await _loads(store, MINUTES) == [(1, 1)] * (MINUTES - 1) + [(1, 0)]


async def test_no_more_than_an_hour_is_kept(store: Store):
    """Older buckets go as a new one is made; so do those of a clock that was set back."""
    for number in range(MINUTES + 5):
        await store.create_execution(requested("a", f"t{number}"))
        await pass_minutes(store, 1)
    assert len(await kept_minutes(store, "a") or ()) == MINUTES
    assert await _loads(store, 3) == [(MINUTES + 4, 0), (MINUTES + 5, 0), (MINUTES + 5, 0)]
    await pass_minutes(store, -2 * MINUTES)
    await store.create_execution(requested("a", "after"))
    assert len(await kept_minutes(store, "a") or ()) == 1
    assert await _loads(store, 2) == [(MINUTES + 5, 0), (MINUTES + 6, 0)]


async def test_an_organization_sees_its_own_only(store: Store):
    """Nothing of another's."""
    await store.create_execution(requested("b", "t"))
    assert await _loads(store, 1) == [NOTHING]
    assert (await store.activity("b")).loads[-1] == (1, 0)


async def test_nothing_is_left_of_a_deleted_organization(store: Store):
    """Whatever becomes of its executions afterwards."""
    for name in ("t1", "t2"):
        await store.create_execution(requested("a", name))
    claimed = await _claim(store)
    await store.delete_organization("a")
    assert await kept_minutes(store, "a") is None
    await store.transition("a", claimed.task_id, claimed.fence, Status.PASSED)
    await store.record_external("a", "t3", Status.RUNNING)
    await store.request_cancel("a", "t2")
    assert await kept_minutes(store, "a") is None
    assert await _loads(store, MINUTES) == [NOTHING] * MINUTES


async def _work(url: str, number: int) -> None:
    async with open_store(url) as store:
        for task in range(EACH):
            await store.create_execution(requested("a", f"t{number}-{task}"))
        while backlogs := await store.backlogs():
            claimed = await store.claim(backlogs[0].organization_id, runner_id="r", lease_ms=60_000, limit=LIMIT)
            if claimed is not None:
                await store.transition("a", claimed.task_id, claimed.fence, Status.PASSED)


def _process(url: str, number: int) -> None:
    asyncio.run(_work(url, number))


async def test_processes_at_once_leave_the_right_load(store: Store, store_url: str):  # noqa: F811
    """In the end nothing waits or runs, and meanwhile never more ran than may."""
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        futures = [pool.submit(_process, store_url, number) for number in range(PROCESSES)]
        for future in futures:
            await anyio.to_thread.run_sync(future.result, 90)
    highest = NOTHING
    for load in (await store.activity("a")).loads:
        highest = highest.at_least(load)
    assert 1 <= highest.waiting <= PROCESSES * EACH
    assert 1 <= highest.running <= LIMIT + (0 if store_url.startswith("sqlite") else PROCESSES)
    await pass_minutes(store, 1)
    assert await _loads(store, 1) == [NOTHING]
