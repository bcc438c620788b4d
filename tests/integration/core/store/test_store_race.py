"""Several processes at once on one store: what must happen exactly once does, whoever comes first."""

import asyncio
import collections
import multiprocessing
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import accumulate
from typing import Any

import anyio
import anyio.to_thread
import pytest

from runcast_core.model.clock import now_ms
from runcast_core.model.errors import Conflict, LeaseLost
from runcast_core.model.executions import Execution, Fence, Status
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from tests.parts.conditions import until
from tests.parts.stores import requested, store_url  # noqa: F401 - a fixture

PROCESSES, LINES = 4, 60
Work = Callable[[Store, int], Awaitable[list[Any]]]
_start: Any = None


def _begin(barrier: Any) -> None:
    global _start
    _start = barrier


class Racers:
    """Processes that all begin a piece of work at the same moment, each with a store of its own."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._barrier = context.Barrier(PROCESSES)
        self.pool = ProcessPoolExecutor(PROCESSES, context, _begin, (self._barrier,))

    async def race(self, url: str, work: Work) -> list[list[Any]]:
        """Return what `work` returned in each of the processes."""
        self._barrier.reset()
        futures = [self.pool.submit(_run, url, work, number) for number in range(PROCESSES)]
        return [await anyio.to_thread.run_sync(future.result, 60) for future in futures]


def _run(url: str, work: Work, number: int) -> list[Any]:
    async def opened() -> list[Any]:
        async with open_store(url) as store:
            await anyio.to_thread.run_sync(_start.wait, 30)
            return await work(store, number)

    return asyncio.run(opened())


@pytest.fixture(scope="module")
def racers() -> Iterator[Racers]:
    racers = Racers()
    with racers.pool:
        yield racers


async def _create_the_same(store: Store, number: int) -> list[Any]:
    fate = []
    for task in range(20):
        request = {"image": "busybox", "owner": number if task % 2 else 0}
        try:
            fate.append((await store.create_execution(requested("a", f"t{task}", request=request)))[1])
        except Conflict:
            fate.append(None)
    return fate


async def test_one_process_creates_an_execution_and_the_others_find_it(store_url: str, racers: Racers):  # noqa: F811
    """The same request is created once and found by the rest; of different ones, one is created, the rest refused."""
    for task, fates in enumerate(zip(*await racers.race(store_url, _create_the_same), strict=True)):
        assert collections.Counter(fates) == {True: 1, (None if task % 2 else False): PROCESSES - 1}


async def _until_expired(store: Store, count: int) -> None:
    async def expired() -> bool:
        return len(await store.expired()) == count

    await until(expired)


async def _expire_all(store: Store, number: int) -> list[Any]:
    ended = []
    while expired := await store.expired(limit=7):
        for execution in expired:
            found = await store.expire(execution.organization_id, execution.task_id, execution.fence)
            ended += [found.task_id] if found else []
    return ended


async def test_a_lease_that_ran_out_is_ended_by_one_process_only(store_url: str, racers: Racers):  # noqa: F811
    """Each lost execution has one end and one new rev; its slot is free again."""
    async with open_store(store_url) as store:
        for number in range(30):
            await store.create_execution(requested("a", f"t{number:02}"))
            assert await store.claim("a", runner_id="gone", lease_ms=1, limit=30)
        await _until_expired(store, 30)
        outcomes = await racers.race(store_url, _expire_all)
        assert sorted(task for ended in outcomes for task in ended) == [f"t{number:02}" for number in range(30)]
        assert {(e.status, e.rev) for e in await store.executions("a")} == {(Status.ERROR, 3)}
        await store.create_execution(requested("a", "next"))
        assert await store.claim("a", runner_id="r", lease_ms=60_000, limit=1)


async def _pass_on(store: Store, number: int) -> list[Any]:
    """Claim and hand back until ten attempts were made; try each old fence again at once, and note every rev."""
    seen: list[Any] = []
    while (known := await store.execution("a", "t")) is not None and known.attempt < 10:
        claimed = await store.claim("a", runner_id=f"r{number}", lease_ms=60_000, limit=1)
        if claimed is None:
            continue
        released = await store.release("a", "t", claimed.fence)
        await store.announced("a", "t", released.rev)
        seen += [(claimed.rev, claimed.attempt), (released.rev, claimed.attempt)]
        try:
            await store.transition("a", "t", claimed.fence, Status.PASSED)
        except LeaseLost:
            continue
        seen.append("a stale fence changed something")
    return seen


async def test_attempts_and_revisions_rise_by_one_whoever_makes_them(store_url: str, racers: Racers):  # noqa: F811
    """No two processes ever make the same attempt or the same rev, and no stale fence matches."""
    async with open_store(store_url) as store:
        await store.create_execution(requested("a", "t"))
        seen = sorted(pair for pairs in await racers.race(store_url, _pass_on) for pair in pairs)
        attempts = [attempt for _, attempt in seen[::2]]
        assert attempts == list(range(1, len(attempts) + 1))
        assert [rev for rev, _ in seen] == list(range(2, len(seen) + 2))
        found = await store.execution("a", "t")
        assert found is not None
        assert (found.rev, found.attempt, found.status) == (seen[-1][0], attempts[-1], Status.PENDING)


async def _first_fence(store: Store, task_id: str) -> Fence:
    found = await store.execution("a", task_id)
    assert found is not None
    return Fence("r", 1, found.created_at)


async def _end(store: Store, number: int) -> list[Any]:
    fence = await _first_fence(store, "t")
    verbs: list[Callable[[], Awaitable[Execution | None]]] = [
        lambda: store.transition("a", "t", fence, Status.PASSED),
        lambda: store.record_external("a", "t", Status.FAILED),
        lambda: store.release("a", "t", fence),
        lambda: store.expire("a", "t", fence),
    ]
    try:
        ended = await verbs[number]()
    except LeaseLost:
        return [None]
    return [ended.status if ended else None]


async def test_the_first_terminal_status_wins(store_url: str, racers: Racers):  # noqa: F811
    """Whoever is first, a runner, a callback, a hand-back or an expiry, the state stays what the first made of it."""
    async with open_store(store_url) as store:
        await store.create_execution(requested("a", "t"))
        assert await store.claim("a", runner_id="r", lease_ms=1, limit=1)
        await _until_expired(store, 1)
        outcomes = {outcome for [outcome] in await racers.race(store_url, _end)} - {None, Status.PENDING}
        final = await store.execution("a", "t")
        assert final is not None
        assert outcomes == {final.status}


async def _requeue_or_expire(store: Store, number: int) -> list[Any]:
    ended = []
    for task in range(20):
        key = "a", f"t{task}", await _first_fence(store, f"t{task}")
        try:
            found = await store.requeue(*key, Status.FAILED) if number % 2 else await store.expire(*key)
        except LeaseLost:
            continue
        ended += [task] if found else []
    return ended


async def test_an_attempt_ends_once_whoever_ends_it(store_url: str, racers: Racers):  # noqa: F811
    """Processes that requeue executions as failed and others that do so as lost: each has one record, and one slot."""
    async with open_store(store_url) as store:
        request = {"image": "busybox", "config": {"retryOnLoss": True}}
        for task in range(20):
            await store.create_execution(requested("a", f"t{task}", request=request))
            assert await store.claim("a", runner_id="r", lease_ms=1, limit=20)
        await _until_expired(store, 20)
        outcomes = await racers.race(store_url, _requeue_or_expire)
        assert sorted(task for ended in outcomes for task in ended) == list(range(20))
        found = [e for task in range(20) if (e := await store.execution("a", f"t{task}"))]
        assert {(e.status, e.rev, len(e.attempts), e.attempts[0].number) for e in found} == {(Status.PENDING, 3, 1, 1)}
        for execution in found:
            await store.announced("a", execution.task_id, execution.rev)
        assert all([await store.claim("a", runner_id="r", lease_ms=60_000, limit=20) for _ in range(20)])


async def _append(store: Store, number: int) -> list[Any]:
    texts = [f"{number}/{i}" + "\n" * (i % 3) for i in range(25)]
    return [(await store.append_external_log("a", "t", text, 1)).seq for text in texts]


async def test_output_of_workers_is_numbered_without_gap_or_repetition(store_url: str, racers: Racers):  # noqa: F811
    """Every line that was accepted is there, under the number that was answered, and lines are counted right."""
    async with open_store(store_url) as store:
        await store.record_external("a", "t", None)
        outcomes = await racers.race(store_url, _append)
        chunks = await store.read_logs("a", "t", attempt=0)
    assert [chunk.seq for chunk in chunks] == list(range(1, 25 * PROCESSES + 1))
    assert [chunk.first_line for chunk in chunks] == list(accumulate((c.lines for c in chunks[:-1]), initial=1))
    texts = {chunk.seq: chunk.text.rstrip("\n") for chunk in chunks}
    assert all(texts[seq] in {f"{n}/{i}" for n in range(PROCESSES)} for seqs in outcomes for i, seq in enumerate(seqs))
    assert len(set(texts.values())) == len(texts)


async def _sweep(store: Store, number: int) -> list[Any]:
    announced = []
    while found := await store.unannounced(before=now_ms() + 1000, limit=5):
        for execution in found:
            announced.append(execution.task_id)
            await store.announced(execution.organization_id, execution.task_id, execution.rev)
    return announced


async def test_every_state_is_announced_by_somebody(store_url: str, racers: Racers):  # noqa: F811
    """Sweeps of several processes together leave none out; a state may be announced twice, as `rev` tells."""
    async with open_store(store_url) as store:
        for number in range(30):
            await store.create_execution(requested("a", f"t{number}"))
        outcomes = await racers.race(store_url, _sweep)
        assert {task for announced in outcomes for task in announced} == {f"t{number}" for number in range(30)}
        assert await store.unannounced(before=now_ms() + 1000) == []


async def _write_or_follow(store: Store, number: int) -> list[Any]:
    """The first process pages as a client does; the others write as the replaced system's workers do."""
    if number:
        return [(await store.append_external_log("a", "t", "x", 1)).seq for _ in range(LINES)]
    seen = [0]
    while seen[-1] < (PROCESSES - 1) * LINES:
        seen += [chunk.seq for chunk in await store.read_logs("a", "t", attempt=0, after=seen[-1])]
    return seen[1:]


async def test_a_reader_meets_every_line_that_workers_write_at_once(store_url: str, racers: Racers):  # noqa: F811
    """No chunk appears with a lower number than one that was read already; each number is given once."""
    async with open_store(store_url) as store:
        await store.record_external("a", "t", None)
    seen, *written = await racers.race(store_url, _write_or_follow)
    assert seen == sorted(seq for own in written for seq in own)
    assert seen == list(range(1, (PROCESSES - 1) * LINES + 1))
