"""What an attempt waits for is told while it does, and whatever store and bus do meanwhile, it goes on."""

import anyio
import pytest
from structlog.testing import capture_logs

from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.clock import now_ms
from runcast_core.model.events import EXECUTION_UPDATED
from runcast_core.model.executions import Phase, Status
from runcast_runner.attempt import phases
from runcast_runner.executors.dummy_executor import DummyExecutor
from runcast_runner.executors.executor import Job, Tell
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
    until_status,
)

__all__ = ["bus", "store"]


class Pulling(DummyExecutor):
    """Tells that it pulls; then, once `pulled` is set, that it starts."""

    def __init__(self) -> None:
        super().__init__()
        self.pulling = anyio.Event()
        self.pulled = anyio.Event()

    async def prepare(self, job: Job, tell: Tell) -> None:
        await tell(Phase.PULLING)
        self.pulling.set()
        await self.pulled.wait()
        await tell(Phase.STARTING)


@pytest.fixture
def executor() -> Pulling:
    return Pulling()


def _told(bus: MemoryBus, task_id: str) -> list[tuple[str, str | None, int]]:
    events = [body for name, body in events_of(bus, task_id) if name == EXECUTION_UPDATED]
    return [(body["status"], body.get("phase"), body["rev"]) for body in events]


async def test_each_phase_is_announced_and_the_end_has_none(store, bus, executor):
    """In order, each as a state of its own."""
    task_id = await dummy_request(store, lines="0")
    executor.pulled.set()
    async with running_runner(store, bus, executor):
        ended = await until_status(store, task_id)
        await until(lambda: statuses_of(bus, task_id)[-1] == "PASSED")
    told = _told(bus, task_id)
    assert told == [("RUNNING", None, 2), ("RUNNING", "pulling", 3), ("RUNNING", "starting", 4), ("PASSED", None, 5)]
    assert (ended.phase, ended.rev) == (None, 5)


async def test_what_has_printed_something_waits_for_nothing_any_more(store, bus, executor):
    """Lists do not know of output: they are told, by a state of its own."""
    task_id = await dummy_request(store, hang="1")
    executor.pulled.set()
    async with running_runner(store, bus, executor):
        await until(lambda: _told(bus, task_id)[3:])
        known = await store.execution(ORG, task_id)
        assert (known.status, known.phase, known.rev) == (Status.RUNNING, None, 5)
    assert _told(bus, task_id)[2:4] == [("RUNNING", "starting", 4), ("RUNNING", None, 5)]


async def test_that_there_is_output_is_told_once_the_store_is_back(store, bus, executor, monkeypatch):
    """It may be away for long: what is stored says `starting` until then."""
    monkeypatch.setattr(phases, "RETRY_S", 0.01)
    faulty = FaultyStore(store)
    task_id = await dummy_request(store, hang="1")
    with capture_logs() as logs:
        async with running_runner(faulty, bus, executor):
            await executor.pulling.wait()
            faulty.down = True
            executor.pulled.set()
            await until(lambda: [entry for entry in logs if entry["event"] == "Phase not noted"][2:])
            assert (await store.execution(ORG, task_id)).phase is Phase.PULLING
            faulty.down = False
            await until(lambda: _told(bus, task_id)[2:])
    assert _told(bus, task_id)[1:3] == [("RUNNING", "pulling", 3), ("RUNNING", None, 4)]


async def test_what_was_told_no_phase_of_is_told_no_end_of_one(store, bus):
    """A state for nothing would be news to everybody."""
    task_id = await dummy_request(store)
    async with running_runner(store, bus, DummyExecutor()):
        await until_status(store, task_id)
        await until(lambda: statuses_of(bus, task_id)[-1] == "PASSED")
    assert _told(bus, task_id) == [("RUNNING", None, 2), ("PASSED", None, 3)]


async def test_a_store_that_is_away_keeps_no_job_from_starting(store, bus, executor):
    """Phases are over before it is back; nobody is told one that is not stored."""
    faulty = FaultyStore(store)
    task_id = await dummy_request(store, hang="1", lines="0")
    async with running_runner(faulty, bus, executor):
        await executor.pulling.wait()
        faulty.down = True
        executor.pulled.set()
        await until(lambda: executor.jobs)
        faulty.down = False
        known = await store.execution(ORG, task_id)
    assert (known.status, known.phase) == (Status.RUNNING, Phase.PULLING)
    assert _told(bus, task_id)[:2] == [("RUNNING", None, 2), ("RUNNING", "pulling", 3)]
    assert "starting" not in [phase for _, phase, _ in _told(bus, task_id)]


async def test_a_phase_that_nobody_was_told_is_left_to_the_sweep(store, bus, executor):
    """As every state is, while Redis is away."""
    task_id = await dummy_request(store, hang="1", lines="0")
    async with running_runner(store, bus, executor):
        await executor.pulling.wait()
        bus.down = True
        executor.pulled.set()
        await until(lambda: executor.jobs)
        [left] = await store.unannounced(before=now_ms() + 1)
        bus.down = False
    assert (left.task_id, left.status, left.phase) == (task_id, Status.RUNNING, Phase.STARTING)


async def test_an_attempt_that_is_lost_while_it_pulls_does_not_start(store, bus, executor):
    """What ended it stays, and is told no phase of."""
    task_id = await dummy_request(store, hang="1")
    with capture_logs() as logs:
        async with running_runner(store, bus, executor, RUNCAST_LEASE_MS="300"):
            await executor.pulling.wait()
            ended = await store.record_external(ORG, task_id, Status.PASSED)
            executor.pulled.set()
            await until_status(store, await dummy_request(store), Status.PASSED)
            await until(lambda: not executor.jobs)
    assert await store.execution(ORG, task_id) == ended
    assert _told(bus, task_id) == [("RUNNING", None, 2), ("RUNNING", "pulling", 3)]
    assert "Execution failed inside the runner" not in [entry["event"] for entry in logs]


async def test_a_report_that_is_faster_than_the_pull_stops_nothing(store, bus, executor):
    """What is `ANALYZING` has no phase, and goes on."""
    task_id = await dummy_request(store)
    async with running_runner(store, bus, executor):
        await executor.pulling.wait()
        await store.record_external(ORG, task_id, Status.ANALYZING)
        executor.pulled.set()
        await until_status(store, task_id, Status.PASSED)
        await until(lambda: statuses_of(bus, task_id)[-1] == "PASSED")
    assert _told(bus, task_id) == [("RUNNING", None, 2), ("RUNNING", "pulling", 3), ("PASSED", None, 5)]
