"""The whole runner over the real SQLite store, a bus that records, and an executor whose behaviour is switched on."""

from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import anyio
import orjson
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from runcast_core.access.sealing import Sealer
from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import ExecutorError, StoreUnavailable
from runcast_core.model.executions import Execution, Status
from runcast_core.model.identifiers import new_id
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from runcast_runner.attempt.execution_run import release
from runcast_runner.executors.dummy_executor import DummyExecutor
from runcast_runner.executors.executor import Executor, Job, Write
from runcast_runner.executors.process.executor import ProcessExecutor
from runcast_runner.runner import run_runner
from runcast_runner.settings import RunnerSettings

ORG = "org"
KEY, OTHER_KEY = "a key of thirty-two characters 1", "another key of thirty-two characters"
SETTINGS = {
    "RUNCAST_RUNNER_ID": "r1",
    "RUNCAST_LEASE_MS": "60000",
    "RUNCAST_POLL": "60",
    "RUNCAST_DRAIN": "0",
    "RUNCAST_SPILL_MB": "0",
}


class FaultyStore:
    """A store that can be switched off, as by a network that is gone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.down = False

    def __getattr__(self, name: str) -> Any:
        verb = getattr(self._store, name)

        async def call(*arguments: Any, **options: Any) -> Any:
            if self.down:
                raise StoreUnavailable("switched off")
            return await verb(*arguments, **options)

        return call


class Scripted(DummyExecutor):
    """Writes the given pieces of output, then ends or raises."""

    def __init__(self, *pieces: bytes, error: Exception | None = None) -> None:
        super().__init__()
        self._pieces = pieces
        self._error = error

    async def behave(self, job: Job, write: Write) -> int:
        for piece in self._pieces:
            await write(piece)
        if self._error is not None:
            raise self._error
        return 0


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite://{tmp_path}/runcast.sqlite") as store:
        yield store


@pytest.fixture
def bus() -> MemoryBus:
    return MemoryBus()


@asynccontextmanager
async def _runner(
    store: Store,
    bus: MemoryBus,
    executor: Executor,
    registry: CollectorRegistry | None = None,
    shutdown: anyio.Event | None = None,
    **settings: str,
) -> AsyncIterator[anyio.Event]:
    """Run a runner; leaving the context drains it, and takes 20 s at most."""
    shutdown = shutdown or anyio.Event()
    parts = {"store": store, "bus": bus, "executor": executor, "registry": registry}

    async def run() -> None:
        await run_runner(RunnerSettings.from_mapping({**SETTINGS, **settings}), shutdown=shutdown, **parts)

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run)
            yield shutdown
            shutdown.set()


async def _request(store: Store, organization_id: str = ORG, timeout: float | None = None, **behaviour: str) -> str:
    """Store an execution whose dummy does as told; return its task id."""
    variables = {f"DUMMY_{name.upper()}": value for name, value in behaviour.items()}
    config = {"envVars": variables, **({"timeoutSeconds": timeout} if timeout else {})}
    return await _stored(store, {"image": "image", "config": config}, organization_id)


async def _stored(store: Store, request: dict[str, Any], organization_id: str = ORG, **fields: Any) -> str:
    now = now_ms()
    task_id = fields.pop("task_id", None) or new_id()
    execution = Execution(organization_id, task_id, request["image"], now, now, request=request, **fields)
    await store.create_execution(execution)
    await store.announced(organization_id, execution.task_id, execution.rev)
    return execution.task_id


async def _wake(bus: MemoryBus) -> None:
    await bus.signal(Signal(SignalKind.WAKE))


async def _until(condition: Callable[[], Awaitable[bool]]) -> None:
    with anyio.fail_after(10):
        while not await condition():
            await anyio.sleep(0.01)


async def _status(store: Store, task_id: str, *statuses: Status, organization_id: str = ORG) -> Execution:
    """Wait until the execution has one of the statuses, a terminal one unless told."""
    while True:
        execution = await store.execution(organization_id, task_id)
        assert execution is not None
        if execution.status in statuses or (not statuses and execution.status.terminal):
            return execution
        await anyio.sleep(0.01)


def _events(bus: MemoryBus, task_id: str) -> list[tuple[str, dict[str, Any]]]:
    return [(event.name, orjson.loads(event.payload)) for _, event in bus.published if event.task_id == task_id]


async def _output(store: Store, task_id: str, attempt: int = 1) -> list[str]:
    chunks = await store.read_logs(ORG, task_id, attempt=attempt)
    return "\n".join(chunk.text for chunk in chunks).split("\n") if chunks else []


def _statuses(bus: MemoryBus, task_id: str) -> list[str]:
    return [body["status"] for name, body in _events(bus, task_id) if name == "execution-updated"]


async def test_running_then_output_then_the_end(store, bus):
    """In this order on the bus, and each stored before it is published."""
    task_id = await _request(store, lines="50", output="line", delay="0.005")
    stored_at_publish = []
    publish = bus.publish

    async def checked(organization_id, event):
        body = orjson.loads(event.payload)
        if event.name == "execution-log":
            chunks = await store.read_logs(ORG, task_id, attempt=1)
            stored_at_publish.append(any(chunk.seq == body["seq"] for chunk in chunks))
        else:
            stored_at_publish.append((await store.execution(ORG, task_id)).rev >= body["rev"])
        return await publish(organization_id, event)

    bus.publish = checked
    async with _runner(store, bus, DummyExecutor()):
        ended = await _status(store, task_id)
        await _until(lambda: _true(_statuses(bus, task_id)[-1:] == ["PASSED"]))
    assert (ended.status, ended.exit_code, ended.attempt) == (Status.PASSED, 0, 1)
    assert await _output(store, task_id) == [f"line {n}" for n in range(50)]
    events = _events(bus, task_id)
    names = [name for name, _ in events]
    assert names == ["execution-updated", *["execution-log"] * (len(events) - 2), "execution-updated"]
    assert _statuses(bus, task_id) == ["RUNNING", "PASSED"]
    assert [body["seq"] for name, body in events if name == "execution-log"] == list(range(1, len(events) - 1))
    assert all(stored_at_publish)


async def _true(value: bool) -> bool:
    return value


@pytest.mark.parametrize(
    ("behaviour", "status", "error", "exit_code"),
    [
        ({"exit": "3"}, Status.FAILED, None, 3),
        ({"crash": "the engine is gone"}, Status.ERROR, "the engine is gone", None),
        ({"hang": "1", "timeout": 0.2}, Status.TIMED_OUT, "timed out after 0.2 s", None),
        ({"exit": "no number"}, Status.ERROR, "the runner failed: ValueError", None),
    ],
)
async def test_how_it_ends(store, bus, behaviour, status, error, exit_code):
    """By its exit code, an executor's error, its time-out or a fault of ours; with the output so far."""
    task_id = await _request(store, **behaviour)
    async with _runner(store, bus, DummyExecutor()):
        ended = await _status(store, task_id)
    assert (ended.status, ended.error, ended.exit_code) == (status, error, exit_code)
    assert await _output(store, task_id) == ["dummy 0"]


async def test_the_runners_longest_time_caps_the_requests(store, bus):
    """Neither a longer time-out nor none escapes it."""
    tasks = [await _request(store, hang="1", timeout=1000), await _request(store, hang="1")]
    async with _runner(store, bus, DummyExecutor(), RUNCAST_MAX_TIMEOUT="0.2"):
        for task_id in tasks:
            assert (await _status(store, task_id)).status is Status.TIMED_OUT


@pytest.mark.parametrize(
    ("pieces", "lines"),
    [
        ([b"x" * 65_536] * 16 + [b"\nafter\n"], ["x" * 16_384 + f" [... {2**20 - 16_384} bytes cut]", "after"]),
        ([b"caf\xc3", b"\xa9\n\xf0\x9f", b"\x98", b"\x80\n"], ["café", "\U0001f600"]),
        ([b"\xff\xfe\x00\x01\n", b"no newline"], ["[... 4 bytes of binary output]", "no newline"]),
        ([b""], []),
    ],
    ids=["megabyte line", "characters in pieces", "binary", "nothing"],
)
async def test_output_of_every_kind_arrives(store, bus, pieces, lines):
    """Long, cut anywhere, binary or none: stored and published alike."""
    task_id = await _request(store)
    async with _runner(store, bus, Scripted(*pieces)):
        assert (await _status(store, task_id)).status is Status.PASSED
    assert await _output(store, task_id) == lines
    published = [body["log"] for name, body in _events(bus, task_id) if name == "execution-log"]
    assert "\n".join(published) == "\n".join(lines)


@pytest.mark.parametrize("signalled", [True, False])
async def test_a_cancelled_execution_stops(store, bus, signalled):
    """At once by the signal, or where that is lost by the next renewal."""
    task_id = await _request(store, hang="1")
    executor = DummyExecutor()
    async with _runner(store, bus, executor, RUNCAST_LEASE_MS="60000" if signalled else "600"):
        await _until(lambda: _true(executor.jobs == {task_id}))
        await store.request_cancel(ORG, task_id)
        if signalled:
            await bus.signal(Signal(SignalKind.CANCEL, ORG, task_id))
        assert (await _status(store, task_id)).status is Status.CANCELLED
        assert executor.jobs == set()
    assert await _output(store, task_id) == ["dummy 0"]
    assert _statuses(bus, task_id) == ["RUNNING", "CANCELLED"]


async def test_cancelling_does_not_hit_the_same_task_id_of_another_organization(store, bus):
    """A task id belongs to its organization."""
    task_id = await _request(store, "a", hang="1")
    now = now_ms()
    request = {"image": "image", "config": {"envVars": {"DUMMY_HANG": "1"}}}
    await store.create_execution(Execution("b", task_id, "image", now, now, request=request))
    await store.announced("b", task_id, 1)
    async with _runner(store, bus, DummyExecutor(), RUNCAST_LEASE_MS="600"):
        for organization_id in ("a", "b"):
            await _status(store, task_id, Status.RUNNING, organization_id=organization_id)
        await store.request_cancel("a", task_id)
        assert (await _status(store, task_id, organization_id="a")).status is Status.CANCELLED
        assert (await store.execution("b", task_id)).status is Status.RUNNING


@pytest.mark.parametrize(("lease_ms", "signalled"), [("600", False), ("60000", True)])
async def test_a_lost_execution_is_stopped_and_left_alone(store, bus, lease_ms, signalled):
    """Once somebody else ended it, its container goes, at a signal or at the next renewal, and nothing more is said."""
    task_id = await _request(store, lines="1000000", delay="0.01")
    executor = DummyExecutor()
    registry = CollectorRegistry()
    async with _runner(store, bus, executor, registry, RUNCAST_LEASE_MS=lease_ms):
        await _until(lambda: _true(executor.jobs == {task_id}))
        await store.record_external(ORG, task_id, Status.FAILED)
        if signalled:
            await bus.signal(Signal(SignalKind.CANCEL, ORG, task_id))
        await _until(lambda: _true(executor.jobs == set()))
        await _until(lambda: _true(b'runcast_runner_ended_total{status="LOST"} 1.0' in generate_latest(registry)))
        chunks = len(await store.read_logs(ORG, task_id, attempt=1))
        other = await _request(store)
        await _wake(bus)
        await _status(store, other)
    assert len(await store.read_logs(ORG, task_id, attempt=1)) == chunks
    assert (await store.execution(ORG, task_id)).status is Status.FAILED
    assert _statuses(bus, task_id) == ["RUNNING"]


async def test_the_time_of_a_job_begins_when_all_it_needs_is_there(store, bus):
    """Pulling an image, for one, has a limit of its own; and can be cancelled."""
    prepared = anyio.Event()

    class Slow(DummyExecutor):
        async def prepare(self, job: Job) -> None:
            await prepared.wait()

    in_time, late = await _request(store, timeout=0.1), await _request(store, hang="1", timeout=0.1)
    cancelled = await _request(store, timeout=0.1)
    async with _runner(store, bus, Slow(), RUNCAST_CONCURRENCY="3"):
        await _status(store, cancelled, Status.RUNNING)
        await anyio.sleep(0.2)  # longer than their time: nothing may happen by then
        await store.request_cancel(ORG, cancelled)
        await bus.signal(Signal(SignalKind.CANCEL, ORG, cancelled))
        await _status(store, cancelled, Status.CANCELLED)
        prepared.set()
        await _status(store, in_time, Status.PASSED)
        await _status(store, late, Status.TIMED_OUT)


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
    task_id = await _request(store, hang="1")
    async with _runner(store, bus, SlowToStop(), registry):
        first = await _status(store, task_id, Status.RUNNING)
        await release(store, bus, first)
        await bus.signal(Signal(SignalKind.CANCEL, ORG, task_id))
        await stopping.wait()
        await _wake(bus)
        assert (await _status(store, task_id, Status.RUNNING)).attempt == 2
        stopped.set()
        await _until(lambda: _true(b'runcast_runner_ended_total{status="LOST"} 1.0' in generate_latest(registry)))
        await store.request_cancel(ORG, task_id)
        await bus.signal(Signal(SignalKind.CANCEL, ORG, task_id))
        assert (await _status(store, task_id)).status is Status.CANCELLED


async def test_a_lease_that_ran_out_stops_the_container_where_another_attempt_may_begin(store, bus):
    """While the store does not answer the runner gives up on its own clock; what it then held is never written."""
    faulty = FaultyStore(store)
    executor = DummyExecutor()
    config = {"envVars": {"DUMMY_LINES": "1000000", "DUMMY_DELAY": "0.01"}, "retryOnLoss": True}
    task_id = await _stored(store, {"image": "image", "config": config})
    async with _runner(faulty, bus, executor, RUNCAST_LEASE_MS="600", RUNCAST_POLL="0.1"):
        await _until(lambda: _true(any(name == "execution-log" for name, _ in _events(bus, task_id))))
        faulty.down = True
        begun = anyio.current_time()
        await _until(lambda: _true(executor.jobs == set()))
        assert anyio.current_time() - begun < 2
        published = len(_events(bus, task_id))
        chunks = await store.read_logs(ORG, task_id, attempt=1)
        faulty.down = False
        await _until(lambda: _begun(store, task_id, 2))
        assert await store.read_logs(ORG, task_id, attempt=1) == chunks
        await store.request_cancel(ORG, task_id)
        await _status(store, task_id)
    later = [body for _, body in _events(bus, task_id)[published:]]
    assert [body["status"] for body in later if body["attempt"] == 1] == ["PENDING"]


async def _begun(store: Store, task_id: str, attempt: int) -> bool:
    execution = await store.execution(ORG, task_id)
    return execution is not None and execution.attempt == attempt


async def test_a_store_that_was_away_shortly_loses_nothing(store, bus):
    """Output and end are held until it answers."""
    faulty = FaultyStore(store)
    task_id = await _request(store, lines="50", delay="0.005")
    executor = DummyExecutor()
    async with _runner(faulty, bus, executor):
        await _until(lambda: _true(executor.jobs == {task_id}))
        faulty.down = True
        await _until(lambda: _true(executor.jobs == set()))
        faulty.down = False
        assert (await _status(store, task_id)).status is Status.PASSED
    assert await _output(store, task_id) == [f"dummy {n}" for n in range(50)]


async def test_a_runner_starts_before_its_store(store, bus):
    """It waits for the store instead of ending."""
    faulty = FaultyStore(store)
    faulty.down = True
    task_id = await _request(store)
    with capture_logs() as logs:
        async with _runner(faulty, bus, DummyExecutor()):
            await _until(lambda: _true(any(line["event"] == "Waiting for the store" for line in logs)))
            faulty.down = False
            assert (await _status(store, task_id)).status is Status.PASSED


async def test_a_dead_redis_stops_no_execution(store, bus):
    """It runs to its end in the store; its states stay unannounced for the sweep."""
    bus.down = True
    task_id = await _request(store)
    async with _runner(store, bus, DummyExecutor()):
        assert (await _status(store, task_id)).status is Status.PASSED
    assert await _output(store, task_id) == ["dummy 0"]
    assert [e.task_id for e in await store.unannounced(before=now_ms() + 1000)] == [task_id]


async def test_a_drain_waits_for_what_runs_and_claims_no_more(store, bus):
    """Within the grace an execution ends as it would have."""
    executor = DummyExecutor()
    first = await _request(store, lines="30", delay="0.01")
    async with _runner(store, bus, executor, RUNCAST_DRAIN="10") as shutdown:
        await _until(lambda: _true(executor.jobs == {first}))
        shutdown.set()
        second = await _request(store)
        await _wake(bus)
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
    task_id = await _request(store)
    async with _runner(store, bus, executor, RUNCAST_DRAIN="0.1") as shutdown:
        await _until(lambda: _true(executor.jobs == {task_id}))
        shutdown.set()
    assert executor.jobs == set()
    assert (await store.execution(ORG, task_id)).status is Status.PENDING
    assert await _output(store, task_id) == ["kept 0", "and a prompt: "]
    assert _statuses(bus, task_id) == ["RUNNING", "PENDING"]
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
                    while renewed < before + 4:
                        await anyio.sleep(0.01)
                    assert (await store.execution(ORG, job.task_id)).status is Status.RUNNING
            return 0

    task_id = await _request(store)
    executor = Clinging()
    async with _runner(Counting(store), bus, executor, RUNCAST_LEASE_MS="600") as shutdown:
        await _until(lambda: _true(executor.jobs == {task_id}))
        shutdown.set()
    assert _statuses(bus, task_id) == ["RUNNING", "PENDING"]


async def test_the_execution_of_a_dead_runner_ends(store, bus):
    """An expired lease is ended by another runner and announced."""
    task_id = await _request(store)
    await store.claim(ORG, runner_id="dead", lease_ms=50, limit=1)
    async with _runner(store, bus, DummyExecutor(), RUNCAST_LEASE_MS="300"):
        ended = await _status(store, task_id)
        await _until(lambda: _true(_statuses(bus, task_id) == ["ERROR"]))
    assert (ended.status, ended.error) == (Status.ERROR, "runner lost")


async def test_the_execution_of_a_dead_runner_is_run_again_where_that_is_allowed(store, bus):
    """By whoever is free; that its runner was lost does not make what passed unstable."""
    task_id = await _stored(store, {"image": "image", "config": {"retryOnLoss": True}})
    await store.claim(ORG, runner_id="dead", lease_ms=50, limit=1)
    async with _runner(store, bus, DummyExecutor(), RUNCAST_LEASE_MS="300"):
        ended = await _status(store, task_id)
        await _until(lambda: _true(_statuses(bus, task_id) == ["PENDING", "RUNNING", "PASSED"]))
    assert (ended.status, ended.attempt) == (Status.PASSED, 2)
    assert [(a.status, a.error) for a in ended.attempts] == [(Status.ERROR, "runner lost"), (Status.PASSED, None)]


class Improving(DummyExecutor):
    """Ends its attempts with these codes; None runs for ever."""

    def __init__(self, *codes: int | None) -> None:
        super().__init__()
        self._codes = codes

    async def behave(self, job: Job, write: Write) -> int:
        await write(f"attempt {job.attempt}\n".encode())
        code = self._codes[job.attempt - 1]
        return await anyio.sleep_forever() if code is None else code


@pytest.mark.parametrize(
    ("codes", "retries", "status", "attempts"),
    [
        ((3, 0), 2, Status.UNSTABLE, [(Status.FAILED, 3), (Status.PASSED, 0)]),
        ((None, 3, 0), 2, Status.UNSTABLE, [(Status.TIMED_OUT, None), (Status.FAILED, 3), (Status.PASSED, 0)]),
        ((3, 4), 1, Status.FAILED, [(Status.FAILED, 3), (Status.FAILED, 4)]),
        ((3,), 0, Status.FAILED, [(Status.FAILED, 3)]),
        ((0,), 2, Status.PASSED, [(Status.PASSED, 0)]),
    ],
)
async def test_what_failed_is_tried_again(store, bus, codes, retries, status, attempts):
    """At once, as often as the request says; each attempt keeps its result and its output."""
    config = {"retryAttempts": retries, "timeoutSeconds": 0.3}
    task_id = await _stored(store, {"image": "image", "config": config})
    async with _runner(store, bus, Improving(*codes)):
        ended = await _status(store, task_id)
        await _until(lambda: _true(_statuses(bus, task_id)[-1:] == [status]))
    assert (ended.status, ended.attempt, ended.exit_code) == (status, len(codes), codes[-1])
    assert [(attempt.status, attempt.exit_code) for attempt in ended.attempts] == attempts
    for number in range(1, len(codes) + 1):
        assert await _output(store, task_id, number) == [f"attempt {number}"]
    assert _statuses(bus, task_id) == ["RUNNING", *["PENDING", "RUNNING"] * (len(codes) - 1), status]


async def test_what_could_not_be_run_is_not_tried_again(store, bus):
    """An `ERROR` is no result of what was to run."""
    variables = {"DUMMY_CRASH": "no such image"}
    task_id = await _stored(store, {"image": "image", "config": {"retryAttempts": 2, "envVars": variables}})
    async with _runner(store, bus, DummyExecutor()):
        ended = await _status(store, task_id)
    assert (ended.status, [attempt.status for attempt in ended.attempts]) == (Status.ERROR, [Status.ERROR])


async def test_the_next_attempt_wakes_other_runners(store, bus):
    """The one that failed it may have no room, or be about to stop."""
    task_id = await _stored(store, {"image": "image", "config": {"retryAttempts": 1}})
    async with _runner(store, bus, Improving(1, 0)):
        await _status(store, task_id)
    assert [(s.kind, s.organization_id) for s in bus.sent_signals] == [(SignalKind.WAKE, ORG)]


async def test_a_runner_serves_its_pools(store, bus):
    """Others' executions wait."""
    tasks = {pool: await _stored(store, {"image": "image"}, pool=pool) for pool in ("gpu", "arm", "default")}
    async with _runner(store, bus, DummyExecutor(), RUNCAST_POOLS="gpu, arm"):
        for pool in ("gpu", "arm"):
            assert (await _status(store, tasks[pool])).status is Status.PASSED
        await _wake(bus)
    assert (await store.execution(ORG, tasks["default"])).status is Status.PENDING


async def test_a_runner_takes_up_what_it_held_before_its_restart(store, bus):
    """Its own executions are handed back at the start and run as a new attempt; another runner's are not."""
    task_id = await _request(store)
    await store.claim(ORG, runner_id="r1", lease_ms=60_000, limit=1)
    other = await _request(store, "other")
    await store.claim("other", runner_id="r2", lease_ms=60_000, limit=1)
    async with _runner(store, bus, DummyExecutor()):
        ended = await _status(store, task_id)
    assert (ended.status, ended.attempt) == (Status.PASSED, 2)
    assert await _output(store, task_id, attempt=2) == ["dummy 0"]
    assert (await store.execution("other", other)).status is Status.RUNNING


async def test_no_more_run_at_once_than_the_setting_says(store, bus):
    """The next begins when one ends, without waiting for the poll."""
    tasks = [await _request(store, lines="5", delay="0.01") for _ in range(9)]
    most = 0

    class Counting(DummyExecutor):
        async def behave(self, job: Job, write: Write) -> int:
            nonlocal most
            most = max(most, len(self.jobs))
            return await super().behave(job, write)

    async with _runner(store, bus, Counting(), RUNCAST_CONCURRENCY="3"):
        for task_id in tasks:
            assert (await _status(store, task_id)).status is Status.PASSED
    assert most == 3


async def test_no_more_of_an_organization_run_at_once_than_its_limit(store, bus):
    """Another organization's execution gets the room that is left."""
    executor = DummyExecutor()
    mine = [await _request(store, hang="1") for _ in range(3)]
    other = await _request(store, "other", hang="1")
    settings = {"RUNCAST_CONCURRENCY": "4", "RUNCAST_ORGANIZATION_LIMIT": "2"}
    async with _runner(store, bus, executor, **settings):
        await _until(lambda: _true(len(executor.jobs) == 3))
        await _wake(bus)
        assert len(executor.jobs & {*mine}) == 2
        assert other in executor.jobs


@pytest.mark.parametrize("signalled", [True, False])
async def test_a_new_request_is_claimed(store, bus, signalled):
    """At once by the signal, or where that is lost by the poll."""
    async with _runner(store, bus, DummyExecutor(), RUNCAST_POLL="60" if signalled else "0.1"):
        await _until(lambda: _true(bool(bus._listeners)))
        task_id = await _request(store)
        if signalled:
            await _wake(bus)
        assert (await _status(store, task_id)).status is Status.PASSED


async def test_nothing_secret_is_logged(store, bus):
    """Neither an output line nor a variable's value, also where the executor breaks with it in its error."""
    secret = "s3cr3t-of-the-test"
    config = {"secrets": {"TOKEN": secret}, "envVars": {"DUMMY_OUTPUT": f"out {secret}"}}
    passing = await _stored(store, {"image": "image", "config": config})
    with capture_logs() as logs:
        async with _runner(store, bus, DummyExecutor()):
            await _status(store, passing)
        failing = await _stored(store, {"image": "image", "config": config})
        async with _runner(store, bus, Scripted(f"out {secret}\n".encode(), error=ValueError(secret))):
            ended = await _status(store, failing)
    assert ended.error == "the runner failed: ValueError"
    assert any(line["event"] == "Execution failed inside the runner" for line in logs)
    assert secret not in str(logs)


async def test_two_runners_share_the_work(store, bus):
    """Each execution runs once, whoever claims it."""
    executors = DummyExecutor(), DummyExecutor()
    tasks = [await _request(store, delay="0.01") for _ in range(20)]
    async with (
        _runner(store, bus, executors[0], RUNCAST_RUNNER_ID="r1"),
        _runner(store, bus, executors[1], RUNCAST_RUNNER_ID="r2"),
    ):
        ended = [await _status(store, task_id) for task_id in tasks]
    assert {(e.status, e.attempt) for e in ended} == {(Status.PASSED, 1)}
    assert {e.runner_id for e in ended} == {"r1", "r2"}


async def test_a_real_process_runs_from_request_to_end(store, bus, tmp_path):
    """The same with a command of this machine."""
    executor = ProcessExecutor(tmp_path / "processes", allowed=True)
    request = {"image": "local", "command": "echo hello $NAME; exit 2", "config": {"envVars": {"NAME": "you"}}}
    task_id = await _stored(store, request)
    refused = await _stored(store, {"image": "busybox"})
    async with _runner(store, bus, executor):
        ended = await _status(store, task_id)
        assert (await _status(store, refused)).error.startswith("no container engine answered")
    assert (ended.status, ended.exit_code) == (Status.FAILED, 2)
    assert await _output(store, task_id) == ["hello you"]


async def test_sealed_secrets_reach_the_container_and_are_masked(store, bus, tmp_path):
    """Opened with any of the keys; the store keeps them sealed, also in what the runner writes back."""
    config = {"secrets": {"KEY": "s3cret-1"}, "envVars": {"FLAG": {"value": "s3cret-two", "secret": True}}}
    request = {"image": "local", "command": 'echo "$KEY $FLAG"; echo ${#KEY} ${#FLAG}', "config": config}
    task_id = new_id()
    sealed = Sealer((KEY,)).seal(request, ORG, task_id)
    await _stored(store, sealed, task_id=task_id)
    executor = ProcessExecutor(tmp_path / "processes", allowed=True)
    async with _runner(store, bus, executor, RUNCAST_SECRETS_KEY=f"{OTHER_KEY},{KEY}"):
        ended = await _status(store, task_id)
    assert (ended.status, ended.request) == (Status.PASSED, sealed)
    assert await _output(store, task_id) == ["*** ***", "8 10"]


@pytest.mark.parametrize("key", ["", OTHER_KEY])
async def test_secrets_that_do_not_open_end_as_error(store, bus, key):
    """Nothing is started, and the runner goes on."""
    task_id = new_id()
    request = {"image": "image", "config": {"secrets": {"KEY": "s3cret-1"}}}
    sealed = Sealer((KEY,)).seal(request, ORG, task_id)
    await _stored(store, sealed, task_id=task_id)
    other = await _request(store)
    with capture_logs() as logs:
        async with _runner(store, bus, DummyExecutor(), RUNCAST_SECRETS_KEY=key):
            ended = await _status(store, task_id)
            assert (await _status(store, other)).status is Status.PASSED
    assert ended.status is Status.ERROR
    assert ended.error == "its secrets cannot be read: RUNCAST_SECRETS_KEY is not set, or changed"
    told = f"{logs} {ended.error} {[event.payload for _, event in bus.published]}"
    assert sealed["config"]["secrets"]["KEY"]["sealed"] not in told
    assert await _output(store, task_id) == []


async def test_a_secret_is_nowhere_but_in_its_container(store, bus, tmp_path):
    """Whatever form a command prints it in, neither output, events, the error nor the log holds it."""
    secret, flagged = "p@ss/w0rd+1?x", "fl4gged value"
    command = (
        'for s in "$KEY" "$FLAG"; do echo "a $s b"; printf %s "x:$s" | base64; echo "$s" | base64;'
        " python3 -c 'import sys, json, urllib.parse as u; s = sys.argv[1];"
        ' print(u.quote(s, safe=""), u.quote_plus(s), json.dumps(s))\' "$s"; done; echo $PLAIN'
    )
    variables = {"FLAG": {"value": flagged, "secret": True}, "PLAIN": {"value": "plain text", "secret": False}}
    config = {"secrets": {"KEY": secret}, "envVars": variables}
    done = await _stored(store, {"image": "local", "command": command, "config": config})
    broken = await _stored(store, {"image": "image", "config": config})
    process = ProcessExecutor(tmp_path / "processes", allowed=True)
    executor = Scripted(error=ExecutorError(f"bad variable KEY={secret}"))
    with capture_logs() as logs:
        async with _runner(store, bus, process):
            assert (await _status(store, done)).status is Status.PASSED
            await _status(store, broken)
        failed = await _stored(store, {"image": "image", "config": config})
        async with _runner(store, bus, executor):
            assert (await _status(store, failed)).error == "bad variable KEY=***"
    output = await _output(store, done)
    assert output[0] == "a *** b"
    assert output[-1] == "plain text"
    told = f"{output} {[event.payload for _, event in bus.published]} {logs}"
    for value in (secret, flagged):
        forms = [
            value,
            quote(value, safe=""),
            quote_plus(value),
            *(b64encode(f"{x}{value}".encode()).decode()[4:-4] for x in ("", "x:")),
        ]
        assert not [form for form in forms if form in told]
