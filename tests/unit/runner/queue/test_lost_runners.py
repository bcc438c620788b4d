"""When leases that ran out are ended, by a store that answers as told."""

from dataclasses import replace

import anyio
import pytest
from prometheus_client import CollectorRegistry

from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.errors import StoreUnavailable
from runcast_core.model.events import EXECUTION_UPDATED, RESYNC
from runcast_core.model.executions import Execution, Status
from runcast_runner.metrics import RunnerMetrics
from runcast_runner.queue.lost_runners import LostRunners

LOST = Execution("org", "t", "image", 1, 1, status=Status.RUNNING, runner_id="r", attempt=1)
SLOW_S = 0.2


class Leases:
    """Has a lost execution, and says so as often as there are answers: at once, late, or not."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.asked = 0
        self.ended_after: int | None = None
        self.ended: Execution | None = None
        self.announced_revs: list[int] = []
        self.done = anyio.Event()

    async def expired(self) -> list[Execution]:
        self.asked += 1
        if not self._answers:
            self.done.set()
            await anyio.sleep_forever()
        answer = self._answers.pop(0)
        if answer == "down":
            raise StoreUnavailable("down")
        await anyio.sleep(SLOW_S if answer == "late" else 0)
        return [LOST] if self.ended_after is None else []

    async def expire(self, organization_id: str, task_id: str, fence: object) -> Execution | None:
        assert (organization_id, task_id, fence) == ("org", "t", LOST.fence)
        self.ended_after = self.asked
        return self.ended

    async def announced(self, organization_id: str, task_id: str, rev: int) -> None:
        self.announced_revs.append(rev)


@pytest.mark.parametrize("down", [False, True])
async def test_readers_are_told_before_the_end_is_noted_as_announced(down):
    """What the lost runner stored last may be unpublished: no state that is noted goes without a `resync`, and while
    Redis is away the state is left to whoever announces such."""
    store, bus = Leases("there"), MemoryBus()
    store.ended, bus.down = replace(LOST, status=Status.ERROR, rev=3), down
    lost = LostRunners(store, bus, RunnerMetrics(CollectorRegistry()), lease_ms=300)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lost.sweep)
            await store.done.wait()
            tasks.cancel_scope.cancel()
    names = [event.name for _, event in bus.published]
    assert (names, store.announced_revs) == (([], []) if down else ([RESYNC, EXECUTION_UPDATED], [3]))
    bus.down = False
    assert [event.name for _, event in bus.published][:1] == [RESYNC]


@pytest.mark.parametrize(
    ("answers", "after"),
    [
        (["there"], 1),
        (["down", "there"], None),
        (["down", "there", "there"], 3),
        (["there", "down", "down", "there", "there"], 1),
        (["late"], None),
        (["late", "there", "there"], 3),
    ],
)
async def test_after_a_store_that_was_away_runners_get_time_to_renew(answers, after):
    """A round in which it failed, or took longer than a third of a lease, is followed by one that ends nothing."""
    store = Leases(*answers)
    lost = LostRunners(store, MemoryBus(), RunnerMetrics(CollectorRegistry()), lease_ms=300)
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lost.sweep)
            await store.done.wait()
            tasks.cancel_scope.cancel()
    assert store.ended_after == after
