"""What a runner does at its start with the jobs that it finds: a whole runner on the real SQLite store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
import pytest

from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.model.executions import Execution, LogChunk, Status
from runcast_core.store.store import Store
from runcast_runner.executors.dummy_executor import DummyExecutor
from runcast_runner.executors.executor import FoundJob, Job, Running, Write
from tests.parts.conditions import until
from tests.parts.runner import (
    ORG,
    FaultyStore,
    bus,
    dummy_request,
    events_of,
    running_runner,
    store,
    stored_output,
    until_status,
)

__all__ = ["bus", "store"]


class Leaving(DummyExecutor):
    """Finds the jobs of what is claimed, and goes on with those that ran for so long already."""

    def __init__(self, store: Store, *executions: Execution, resumable: bool = True, ran_s: float = 1) -> None:
        super().__init__()
        self._store = store
        self._ran_s = ran_s
        self._left = [FoundJob(e.attempt_key, "r1", resumable, None) for e in executions]
        self.resumed: list[str] = []
        self.removed: list[tuple[str, Status]] = []
        """Task ids, and what the execution's status was then."""

    async def found(self) -> list[FoundJob]:
        return list(self._left)

    @asynccontextmanager
    async def running(self, job: Job, found: FoundJob | None = None) -> AsyncIterator[Running]:
        async with super().running(job, found) as running:
            if found is None:
                yield running
            else:
                self.resumed.append(job.task_id)
                yield _Again(running, self._ran_s)

    async def remove(self, found: FoundJob) -> None:
        self._left.remove(found)
        execution = await self._store.execution(ORG, found.key.task_id)
        assert execution is not None
        self.removed.append((found.key.task_id, execution.status))


class _Again:
    def __init__(self, running: Running, ran_s: float) -> None:
        self._running = running
        self.ran_s = ran_s

    async def follow(self, write: Write) -> int:
        return await self._running.follow(write)


async def _held(store: Store, *texts: str, **request: Any) -> Execution:
    """Store an execution that an earlier runner of this name claimed, and what it stored of the output."""
    task_id = await dummy_request(store, **request)
    held = await store.claim(ORG, runner_id="r1", lease_ms=60_000, limit=10)
    assert held is not None
    await store.append_logs([LogChunk(ORG, task_id, 1, seq, text, 1) for seq, text in enumerate(texts, 1) if text])
    return held


async def test_it_goes_on_with_what_is_left(store, bus):
    """The same attempt, the rest of its output; it is not said to run a second time."""
    held = await _held(store, "dummy 0", "dummy 1\ndummy 2", lines="5")
    executor = Leaving(store, held)
    async with running_runner(store, bus, executor):
        ended = await until_status(store, held.task_id)
    assert (ended.status, ended.attempt, executor.resumed) == (Status.PASSED, 1, [held.task_id])
    assert await stored_output(store, held.task_id) == [f"dummy {n}" for n in range(5)]
    statuses = [orjson.loads(event.payload).get("status") for _, event in bus.published]
    assert [status for status in statuses if status] == ["PASSED"]
    assert [name for name, _ in events_of(bus, held.task_id)][:2] == ["resync", "execution-log"]


async def test_time_that_passed_before_counts(store, bus):
    """A job that ran for longer than it may is stopped at once."""
    held = await _held(store, hang="1", timeout=60)
    async with running_runner(store, bus, Leaving(store, held, ran_s=61)):
        ended = await until_status(store, held.task_id)
    assert (ended.status, ended.error) == (Status.TIMED_OUT, "timed out after 60 s")


async def test_what_is_to_be_cancelled_is_stopped_at_once(store, bus):
    """Not only at the next renewal, which is a third of 60 s away."""
    held = await _held(store, hang="1")
    await store.request_cancel(ORG, held.task_id)
    async with running_runner(store, bus, Leaving(store, held)):
        ended = await until_status(store, held.task_id)
    assert (ended.status, ended.attempt) == (Status.CANCELLED, 1)


@pytest.mark.parametrize(
    ("resumable", "texts"), [(False, ["dummy 0"]), (True, ["dummy 0", "", "dummy 2"])], ids=["not resumable", "a gap"]
)
async def test_what_cannot_go_on_is_removed_before_it_is_handed_back(store, bus, resumable, texts):
    """So that never two attempts run."""
    held = await _held(store, *texts, lines="1")
    executor = Leaving(store, held, resumable=resumable)
    async with running_runner(store, bus, executor):
        ended = await until_status(store, held.task_id)
    assert (ended.status, ended.attempt, executor.resumed) == (Status.PASSED, 2, [])
    assert executor.removed == [(held.task_id, Status.RUNNING)]
    assert [name for name, _ in events_of(bus, held.task_id)][:2] == ["resync", "execution-updated"]


async def test_what_nobody_holds_any_more_is_removed(store, bus):
    """The execution ended elsewhere meanwhile, and stays so."""
    held = await _held(store)
    await store.transition(ORG, held.task_id, held.fence, Status.ERROR, error="runner lost")
    executor = Leaving(store, held)
    async with running_runner(store, bus, executor):
        await until(lambda: executor.removed)
    assert executor.removed == [(held.task_id, Status.ERROR)]
    assert executor.resumed == []


async def test_leases_are_kept_until_all_is_taken_up(store, bus):
    """However long it takes to read what is stored: here until the lease was renewed many times."""
    held = await _held(store, "dummy 0", lines="3")
    renewed = 0

    class Slow(FaultyStore):
        async def read_logs(self, *arguments: Any, **options: Any) -> Any:
            await until(lambda: renewed >= 5)
            return await store.read_logs(*arguments, **options)

        async def renew(self, *arguments: Any, **options: Any) -> bool:
            nonlocal renewed
            renewed += 1
            return await store.renew(*arguments, **options)

    async with running_runner(Slow(store), bus, Leaving(store, held), RUNCAST_LEASE_MS="600"):
        ended = await until_status(store, held.task_id)
    assert (ended.status, ended.attempt) == (Status.PASSED, 1)


async def test_a_store_that_is_away_in_the_middle_begins_nothing_twice(store, bus):
    """What goes on goes on; the others follow when it answers again."""
    first, second = await _held(store, hang="1"), await _held(store, hang="1")

    class Failing(FaultyStore):
        renewed = 0

        async def renew(self, *arguments: Any, **options: Any) -> bool:
            self.renewed += 1
            self.down = self.down or self.renewed == 2  # until the test has seen it
            return await self.__getattr__("renew")(*arguments, **options)

    faulty, executor = Failing(store), Leaving(store, first, second)
    async with running_runner(faulty, bus, executor):
        await until(lambda: faulty.down)
        faulty.down = False
        await until(lambda: len(executor.jobs) >= 2)
        for held in (first, second):
            await store.request_cancel(ORG, held.task_id)
            await bus.signal(Signal(SignalKind.CANCEL, ORG, held.task_id))
            assert (await until_status(store, held.task_id)).attempt == 1
    assert sorted(executor.resumed) == sorted([first.task_id, second.task_id])
