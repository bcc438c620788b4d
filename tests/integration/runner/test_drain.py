"""A whole runner that is told to stop: what runs may end, and what does not is handed back."""

from typing import Any

import anyio

from runcast_core.model.executions import Status
from runcast_runner.executors.dummy_executor import DummyExecutor
from runcast_runner.executors.executor import Job, Write
from tests.parts.conditions import until
from tests.parts.runner import (
    ORG,
    FaultyStore,
    bus,
    dummy_request,
    events_of,
    running_runner,
    statuses_of,
    store,
    stored_output,
    wake,
)

__all__ = ["bus", "store"]


async def test_a_drain_waits_for_what_runs_and_claims_no_more(store, bus):
    """Within the grace an execution ends as it would have."""
    executor = DummyExecutor()
    first = await dummy_request(store, lines="30", delay="0.01")
    async with running_runner(store, bus, executor, RUNCAST_DRAIN="10") as shutdown:
        await until(lambda: executor.jobs == {first})
        shutdown.set()
        second = await dummy_request(store)
        await wake(bus)
    assert (await store.execution(ORG, first)).status is Status.PASSED
    assert (await store.execution(ORG, second)).status is Status.PENDING


async def test_a_drain_hands_back_what_does_not_end(store, bus):
    """After the grace the container goes, its output so far is kept, and anybody may claim it again."""

    class Prompting(DummyExecutor):
        async def behave(self, job: Job, write: Write) -> int:
            await write(b"kept 0\nand a prompt: ")
            await anyio.sleep_forever()
            return 0

    executor = Prompting()
    task_id = await dummy_request(store)
    async with running_runner(store, bus, executor, RUNCAST_DRAIN="0.1") as shutdown:
        await until(lambda: executor.jobs == {task_id})
        shutdown.set()
    assert executor.jobs == set()
    assert (await store.execution(ORG, task_id)).status is Status.PENDING
    assert await stored_output(store, task_id) == ["kept 0", "and a prompt: "]
    assert statuses_of(bus, task_id) == ["RUNNING", "PENDING"]
    names = [name for name, _ in events_of(bus, task_id)]
    assert names == [
        "execution-updated",
        *["execution-log"] * names.count("execution-log"),
        "resync",
        "execution-updated",
    ]
    assert (await store.claim(ORG, runner_id="r2", lease_ms=1000, limit=1)).attempt == 2


async def test_a_drain_keeps_the_lease_of_what_takes_long_to_stop(store, bus):
    """A container that uses all of its grace is this runner's until the end, and handed back after."""
    renewed = 0

    class Counting(FaultyStore):
        async def renew(self, *arguments: Any, **options: Any) -> bool:
            nonlocal renewed
            renewed += 1
            return await store.renew(*arguments, **options)

    class Clinging(DummyExecutor):
        async def behave(self, job: Job, write: Write) -> int:
            try:
                await anyio.sleep_forever()
            finally:
                before = renewed
                with anyio.CancelScope(shield=True):
                    await until(lambda: renewed >= before + 4)
                    assert (await store.execution(ORG, job.task_id)).status is Status.RUNNING
            return 0

    task_id = await dummy_request(store)
    executor = Clinging()
    async with running_runner(Counting(store), bus, executor, RUNCAST_LEASE_MS="600") as shutdown:
        await until(lambda: executor.jobs == {task_id})
        shutdown.set()
    assert statuses_of(bus, task_id) == ["RUNNING", "PENDING"]
