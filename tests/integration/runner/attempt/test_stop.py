"""What ends an attempt from without: a cancellation, an end elsewhere, its time, and a lease that runs out."""

import anyio
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.model.clock import now_ms
from runcast_core.model.executions import Execution, Status
from runcast_core.store.store import Store
from runcast_runner.attempt.execution_run import release
from runcast_runner.executors.dummy_executor import DummyExecutor
from runcast_runner.executors.executor import Job, Tell, Write
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
    stored,
    stored_output,
    until_status,
    wake,
)

__all__ = ["bus", "store"]


async def test_the_runners_longest_time_caps_the_requests(store, bus):
    """Neither a longer time-out nor none escapes it."""
    tasks = [await dummy_request(store, hang="1", timeout=1000), await dummy_request(store, hang="1")]
    async with running_runner(store, bus, DummyExecutor(), RUNCAST_MAX_TIMEOUT="0.2"):
        for task_id in tasks:
            assert (await until_status(store, task_id)).status is Status.TIMED_OUT


@pytest.mark.parametrize("signalled", [True, False])
async def test_a_cancelled_execution_stops(store, bus, signalled):
    """At once by the signal, or where that is lost by the next renewal."""
    task_id = await dummy_request(store, hang="1")
    executor = DummyExecutor()
    async with running_runner(store, bus, executor, RUNCAST_LEASE_MS="60000" if signalled else "600"):
        await until(lambda: executor.jobs == {task_id})
        await store.request_cancel(ORG, task_id)
        if signalled:
            await bus.signal(Signal(SignalKind.CANCEL, ORG, task_id))
        assert (await until_status(store, task_id)).status is Status.CANCELLED
        assert executor.jobs == set()
    assert await stored_output(store, task_id) == ["dummy 0"]
    assert statuses_of(bus, task_id) == ["RUNNING", "CANCELLED"]


async def test_cancelling_does_not_hit_the_same_task_id_of_another_organization(store, bus):
    """A task id belongs to its organization."""
    task_id = await dummy_request(store, "a", hang="1")
    now = now_ms()
    request = {"image": "image", "config": {"envVars": {"DUMMY_HANG": "1"}}}
    await store.create_execution(Execution("b", task_id, "image", now, now, request=request))
    await store.announced("b", task_id, 1)
    async with running_runner(store, bus, DummyExecutor(), RUNCAST_LEASE_MS="600"):
        for organization_id in ("a", "b"):
            await until_status(store, task_id, Status.RUNNING, organization_id=organization_id)
        await store.request_cancel("a", task_id)
        assert (await until_status(store, task_id, organization_id="a")).status is Status.CANCELLED
        assert (await store.execution("b", task_id)).status is Status.RUNNING


@pytest.mark.parametrize(("lease_ms", "signalled"), [("600", False), ("60000", True)])
async def test_a_lost_execution_is_stopped_and_left_alone(store, bus, lease_ms, signalled):
    """Once somebody else ended it, its container goes, at a signal or at the next renewal, and nothing more is said."""
    task_id = await dummy_request(store, lines="1000000", delay="0.01")
    executor = DummyExecutor()
    registry = CollectorRegistry()
    async with running_runner(store, bus, executor, registry, RUNCAST_LEASE_MS=lease_ms):
        await until(lambda: executor.jobs == {task_id})
        await store.record_external(ORG, task_id, Status.FAILED)
        if signalled:
            await bus.signal(Signal(SignalKind.CANCEL, ORG, task_id))
        await until(lambda: executor.jobs == set())
        await until(lambda: b'runcast_runner_ended_total{status="LOST"} 1.0' in generate_latest(registry))
        chunks = len(await store.read_logs(ORG, task_id, attempt=1))
        other = await dummy_request(store)
        await wake(bus)
        await until_status(store, other)
    assert len(await store.read_logs(ORG, task_id, attempt=1)) == chunks
    assert (await store.execution(ORG, task_id)).status is Status.FAILED
    assert statuses_of(bus, task_id) == ["RUNNING"]


async def test_the_time_of_a_job_begins_when_all_it_needs_is_there(store, bus):
    """Pulling an image, for one, has a limit of its own; and can be cancelled."""
    prepared = anyio.Event()

    class Slow(DummyExecutor):
        async def prepare(self, job: Job, tell: Tell) -> None:
            await prepared.wait()

    in_time, late = await dummy_request(store, timeout=0.1), await dummy_request(store, hang="1", timeout=0.1)
    cancelled = await dummy_request(store, timeout=0.1)
    async with running_runner(store, bus, Slow(), RUNCAST_CONCURRENCY="3"):
        await until_status(store, cancelled, Status.RUNNING)
        await anyio.sleep(0.2)  # longer than their time: nothing may happen by then
        await store.request_cancel(ORG, cancelled)
        await bus.signal(Signal(SignalKind.CANCEL, ORG, cancelled))
        await until_status(store, cancelled, Status.CANCELLED)
        prepared.set()
        await until_status(store, in_time, Status.PASSED)
        await until_status(store, late, Status.TIMED_OUT)


async def test_a_new_attempt_outlives_the_clean_up_of_the_one_before(store, bus):
    """While a lost attempt is still being stopped this runner may claim the next: that one it goes on listening for."""
    stopping, stopped = anyio.Event(), anyio.Event()

    class SlowToStop(DummyExecutor):
        async def behave(self, job: Job, write: Write) -> int:
            try:
                return await super().behave(job, write)
            finally:
                if job.attempt == 1:
                    stopping.set()
                    with anyio.move_on_after(10, shield=True):
                        await stopped.wait()

    registry = CollectorRegistry()
    task_id = await dummy_request(store, hang="1")
    async with running_runner(store, bus, SlowToStop(), registry):
        first = await until_status(store, task_id, Status.RUNNING)
        await release(store, bus, first)
        await bus.signal(Signal(SignalKind.CANCEL, ORG, task_id))
        await stopping.wait()
        await wake(bus)
        assert (await until_status(store, task_id, Status.RUNNING)).attempt == 2
        stopped.set()
        await until(lambda: b'runcast_runner_ended_total{status="LOST"} 1.0' in generate_latest(registry))
        await store.request_cancel(ORG, task_id)
        await bus.signal(Signal(SignalKind.CANCEL, ORG, task_id))
        assert (await until_status(store, task_id)).status is Status.CANCELLED


async def test_a_lease_that_ran_out_stops_the_container_where_another_attempt_may_begin(store, bus):
    """While the store does not answer the runner gives up on its own clock; what it then held is never written."""
    faulty = FaultyStore(store)
    executor = DummyExecutor()
    config = {"envVars": {"DUMMY_LINES": "1000000", "DUMMY_DELAY": "0.01"}, "retryOnLoss": True}
    task_id = await stored(store, {"image": "image", "config": config})
    async with running_runner(faulty, bus, executor, RUNCAST_LEASE_MS="600", RUNCAST_POLL="0.1"):
        await until(lambda: any(name == "execution-log" for name, _ in events_of(bus, task_id)))
        faulty.down = True
        await until(lambda: executor.jobs == set())
        published = len(events_of(bus, task_id))
        chunks = await store.read_logs(ORG, task_id, attempt=1)
        faulty.down = False
        await until(lambda: _begun(store, task_id, 2))
        assert await store.read_logs(ORG, task_id, attempt=1) == chunks
        await store.request_cancel(ORG, task_id)
        await until_status(store, task_id)
    later = [body for _, body in events_of(bus, task_id)[published:]]
    assert [body["status"] for body in later if body.get("attempt") == 1] == ["PENDING"]


async def _begun(store: Store, task_id: str, attempt: int) -> bool:
    execution = await store.execution(ORG, task_id)
    return execution is not None and execution.attempt == attempt


async def test_a_store_that_was_away_shortly_loses_nothing(store, bus):
    """Output and end are held until it answers."""
    faulty = FaultyStore(store)
    task_id = await dummy_request(store, lines="50", delay="0.005")
    executor = DummyExecutor()
    async with running_runner(faulty, bus, executor):
        await until(lambda: executor.jobs == {task_id})
        faulty.down = True
        await until(lambda: executor.jobs == set())
        faulty.down = False
        assert (await until_status(store, task_id)).status is Status.PASSED
    assert await stored_output(store, task_id) == [f"dummy {n}" for n in range(50)]
