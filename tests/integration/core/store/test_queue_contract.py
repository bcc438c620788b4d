"""The contract of priorities, pools and places in the queue, over every adapter; then fairness, among processes."""

import asyncio
import itertools
import multiprocessing
from collections import Counter
from collections.abc import AsyncIterator, Collection
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Event
from typing import Any

import anyio
import anyio.to_thread
import pytest

from runcast_core.model.clock import now_ms
from runcast_core.model.executions import Execution, Status
from runcast_core.store.listing import COUNTED
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from tests.parts.conditions import until
from tests.parts.stores import only, requested, store_url  # noqa: F401 - a fixture

PROCESSES, QUEUED = 8, 1000
POOLS = [("cpu",), ("gpu",), ("cpu", "gpu"), ("default",)]
_context = multiprocessing.get_context("spawn")


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        yield opened


async def _claim(store: Store, *pools: str, limit: int = 10) -> str | None:
    options = {"pools": pools} if pools else {}
    claimed = await store.claim("a", runner_id="r", lease_ms=60_000, limit=limit, **options)
    return claimed and claimed.task_id


async def _queue(store: Store, *places: tuple[str, int, str]) -> None:
    """Queue executions of these task ids, priorities and pools, each one younger than the one before."""
    for number, (task_id, priority, pool) in enumerate(places):
        await store.create_execution(requested("a", task_id, created_at=number, priority=priority, pool=pool))


async def test_the_highest_priority_is_claimed_first_then_the_oldest(store: Store):
    """Whatever the order of their arrival, and below zero too."""
    places = [("low", -10, "default"), ("old", 0, "default"), ("new", 0, "default"), ("top", 10, "default")]
    await _queue(store, *places, ("high", 3, "default"))
    assert [await _claim(store) for _ in range(6)] == ["top", "high", "old", "new", "low", None]


async def test_a_runner_claims_of_its_own_pools_only(store: Store):
    """Without naming any it serves the default one; over several, priority and age decide."""
    await _queue(store, ("g", 0, "gpu"), ("d", 0, "default"), ("h", 5, "huge"), ("g2", 5, "gpu"))
    assert await store.backlogs(["none"]) == []
    assert [backlog.organization_id for backlog in await store.backlogs()] == ["a"]
    assert [await _claim(store) for _ in range(2)] == ["d", None]
    assert await store.backlogs() == []
    assert await _claim(store, "none") is None
    assert [await _claim(store, "huge", "gpu") for _ in range(4)] == ["h", "g2", "g", None]


async def test_the_limit_is_of_the_organization_whatever_the_pools(store: Store):
    """What runs in one pool counts in another, and in what fairness sees."""
    await _queue(store, ("g", 0, "gpu"), ("d", 0, "default"), ("d2", 0, "default"))
    assert await _claim(store, "gpu", limit=2) == "g"
    assert [(backlog.organization_id, backlog.running) for backlog in await store.backlogs()] == [("a", 1)]
    assert [await _claim(store, limit=2) for _ in range(2)] == ["d", None]


async def test_the_place_in_the_queue_is_the_order_of_claims(store: Store):
    """Of its organization and pool alone; none for what does not wait, is not ours to run, or is not there."""
    places = [("old", 0, "default"), ("new", 0, "default"), ("gpu", 9, "gpu"), ("top", 1, "default")]
    await _queue(store, *places, ("low", -1, "default"))
    await store.create_execution(requested("b", "theirs", created_at=0, priority=9))
    await store.record_external("a", "external", Status.PENDING)
    order = ["top", "old", "new", "low"]
    asked = [*order, "gpu", "external", "nothing", "theirs"]
    assert await store.queue_positions("a", asked) == {"top": 1, "old": 2, "new": 3, "low": 4, "gpu": 1}
    for task_id, place in (("top", 1), ("new", 3), ("low", 4), ("gpu", 1)):
        assert await store.queue_positions("a", [task_id]) == {task_id: place}
    assert await store.queue_positions("a", ["low", "old"]) == {"old": 2, "low": 4}
    assert await store.queue_positions("b", ["old"]) == await store.queue_positions("a", []) == {}
    for number, task_id in enumerate(order, 1):
        assert await _claim(store) == task_id
        assert await store.queue_positions("a", order) == {t: n for n, t in enumerate(order[number:], 1)}


async def test_places_are_told_as_far_as_the_queue_is_counted(store: Store):
    """So that hundreds of thousands in front cost nothing; each pool has its own front."""
    await _queue(store, *((task_id, 0, "default") for task_id in "abcd"), *((task_id, 0, "gpu") for task_id in "xyz"))
    await _queue(store, ("first", 9, "gpu"))
    asked = [*"abcdxyz", "first"]
    assert await store.queue_positions("a", asked, counted=2) == {"a": 1, "b": 2, "first": 1, "x": 2}
    assert await store.queue_positions("a", ["d", "b"], counted=3) == {"b": 2}
    assert await store.queue_positions("a", ["d", "z"], counted=4) == {"d": 4, "z": 4}
    assert COUNTED == 10_000


async def test_of_equal_age_the_place_goes_by_the_task_id(store: Store):
    """As claims do."""
    for task_id in ("b", "c", "a"):
        await store.create_execution(requested("a", task_id, created_at=7))
    assert await store.queue_positions("a", ["c", "b", "a"]) == {"a": 1, "b": 2, "c": 3}
    assert [await _claim(store) for _ in range(3)] == ["a", "b", "c"]


async def _claim_fairly(store: Store, runner: str, pools: Collection[str], limit: int) -> Execution | None:
    """Claim as a runner does: of whom the store names first, else of the next."""
    for backlog in await store.backlogs(pools):
        claimed = await store.claim(
            backlog.organization_id, runner_id=runner, lease_ms=60_000, limit=limit, pools=pools
        )
        if claimed is not None:
            return claimed
    return None


class Census:
    """How many executions the processes hold at once. Counted only between a claim and its end, so never too many."""

    def __init__(self) -> None:
        self.held: Synchronized[int] = _context.Value("i", 0)
        self.most: Synchronized[int] = _context.Value("i", 0)
        self.made: Synchronized[int] = _context.Value("i", 0)

    def enter(self) -> None:
        with self.held:
            self.held.value += 1
            self.made.value += 1
            self.most.value = max(self.most.value, self.held.value)

    def leave(self) -> None:
        with self.held:
            self.held.value -= 1


async def _work(url: str, number: int, limit: int, census: Census, stop: Event) -> list[tuple[str, int]]:
    """Claim and end until told to stop; return who was claimed, and when."""
    made: list[tuple[str, int]] = []
    async with open_store(url) as store:
        while not stop.is_set():
            claimed = await _claim_fairly(store, f"r{number}", ("default",), limit)
            if claimed is None:
                continue
            made.append((claimed.organization_id, claimed.started_at or 0))
            key = claimed.organization_id, claimed.task_id, claimed.fence
            if claimed.organization_id == "noisy":
                census.enter()
                for _ in range(10):
                    await store.renew(*key, lease_ms=60_000)
                census.leave()
            await store.transition(*key, Status.PASSED)
    return made


def _process(url: str, number: int, limit: int, census: Census, stop: Event, answers: Any) -> None:
    answers.put(asyncio.run(_work(url, number, limit, census, stop)))


async def _enqueue(store: Store, organization_id: str, count: int) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(count):
            tasks.start_soon(store.create_execution, requested(organization_id, f"t{number:04}"))


@pytest.mark.parametrize("limit", [4, 100])
async def test_a_flood_delays_another_organization_by_one_claim_of_each_process_at_most(
    store_url: str,  # noqa: F811
    limit: int,
):
    """Eight processes busy with 1,000 queued executions of one organization, never more than its limit at once: another
    one's single execution is next for each of them, but for the claim that it was just about to make. So it is, too,
    where the limit would leave the flood all of them."""
    census, stop, answers = Census(), _context.Event(), _context.Queue()
    async with open_store(store_url) as store:

        async def taken() -> bool:
            single = await store.execution("quiet", "single")
            return single is not None and single.status is not Status.PENDING

        await _enqueue(store, "noisy", QUEUED)
        arguments = [(store_url, number, limit, census, stop, answers) for number in range(PROCESSES)]
        workers = [_context.Process(target=_process, args=each) for each in arguments]
        for worker in workers:
            worker.start()
        try:
            await until(lambda: census.made.value >= 10 * PROCESSES, 60)
            await store.create_execution(requested("quiet", "single"))
            created = now_ms()
            await until(taken, 60)
        finally:
            stop.set()
        made = [await anyio.to_thread.run_sync(lambda: answers.get(timeout=30)) for _ in workers]
        for worker in workers:
            worker.join()
        assert await store.queue_positions("noisy", [f"t{QUEUED - 1:04}"]), "the flood had ended"
    [claimed] = [at for own in made for organization_id, at in own if organization_id == "quiet"]
    before = [sum(o == "noisy" and created <= at < claimed for o, at in own) for own in made]
    assert max(before) <= 1
    assert census.most.value <= limit
    assert census.most.value >= 4
    assert sum(len(own) > 1 for own in made) > 1


async def _take(url: str, number: int) -> list[tuple[str, str, int]]:
    """Claim all there is in the process's pools."""
    made = []
    async with open_store(url) as store:
        while (claimed := await _claim_fairly(store, f"r{number}", POOLS[number], 1000)) is not None:
            made.append((claimed.task_id, claimed.pool, claimed.priority))
    return made


def _taking_process(url: str, number: int, answers: Any) -> None:
    answers.put((number, asyncio.run(_take(url, number))))


async def test_processes_keep_to_their_pools_and_to_priorities(store_url: str):  # noqa: F811
    """Each execution is claimed once, by a process of its pool, and never after one of a lower priority."""
    places = list(itertools.product(("cpu", "gpu", "default", "nobody"), range(-10, 11, 2), range(3)))
    async with open_store(store_url) as store:
        for number, (pool, priority, _) in enumerate(places):
            await store.create_execution(requested("a", f"t{number}", pool=pool, priority=priority))
        answers = _context.Queue()
        workers = [_context.Process(target=_taking_process, args=(store_url, n, answers)) for n in range(len(POOLS))]
        for worker in workers:
            worker.start()
        taken = dict([await anyio.to_thread.run_sync(lambda: answers.get(timeout=60)) for _ in workers])
        for worker in workers:
            worker.join()
        left = await store.executions("a", only(Status.PENDING), limit=200)
    nobodys = {f"t{number}" for number, (pool, _, _) in enumerate(places) if pool == "nobody"}
    counted = Counter(task_id for made in taken.values() for task_id, _, _ in made)
    assert counted == {f"t{number}": 1 for number, (pool, _, _) in enumerate(places) if pool != "nobody"}
    assert {execution.task_id for execution in left} == nobodys
    for number, made in taken.items():
        assert {pool for _, pool, _ in made} <= set(POOLS[number])
        priorities = [priority for _, _, priority in made]
        assert priorities == sorted(priorities, reverse=True)
