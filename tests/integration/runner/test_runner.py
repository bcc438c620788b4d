"""The whole runner over the real SQLite store, a bus that records, and an executor whose behaviour is switched on."""

import orjson
import pytest
from structlog.testing import capture_logs

from runcast_core.model.clock import now_ms
from runcast_core.model.executions import Status
from runcast_runner.executors.dummy_executor import DummyExecutor
from runcast_runner.executors.executor import Job, Write
from runcast_runner.executors.process.executor import ProcessExecutor
from tests.parts.conditions import until
from tests.parts.runner import (
    ORG,
    FaultyStore,
    Scripted,
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


async def test_running_then_output_then_the_end(store, bus):
    """In this order on the bus, and each stored before it is published."""
    task_id = await dummy_request(store, lines="50", output="line", delay="0.005")
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
    async with running_runner(store, bus, DummyExecutor()):
        ended = await until_status(store, task_id)
        await until(lambda: statuses_of(bus, task_id)[-1:] == ["PASSED"])
    assert (ended.status, ended.exit_code, ended.attempt) == (Status.PASSED, 0, 1)
    assert await stored_output(store, task_id) == [f"line {n}" for n in range(50)]
    events = events_of(bus, task_id)
    names = [name for name, _ in events]
    assert names == ["execution-updated", *["execution-log"] * (len(events) - 2), "execution-updated"]
    assert statuses_of(bus, task_id) == ["RUNNING", "PASSED"]
    assert [body["seq"] for name, body in events if name == "execution-log"] == list(range(1, len(events) - 1))
    assert all(stored_at_publish)


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
    task_id = await dummy_request(store, **behaviour)
    async with running_runner(store, bus, DummyExecutor()):
        ended = await until_status(store, task_id)
    assert (ended.status, ended.error, ended.exit_code) == (status, error, exit_code)
    assert await stored_output(store, task_id) == ["dummy 0"]


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
    task_id = await dummy_request(store)
    async with running_runner(store, bus, Scripted(*pieces)):
        assert (await until_status(store, task_id)).status is Status.PASSED
    assert await stored_output(store, task_id) == lines
    published = [body["log"] for name, body in events_of(bus, task_id) if name == "execution-log"]
    assert "\n".join(published) == "\n".join(lines)


async def test_a_runner_starts_before_its_store(store, bus):
    """It waits for the store instead of ending."""
    faulty = FaultyStore(store)
    faulty.down = True
    task_id = await dummy_request(store)
    with capture_logs() as logs:
        async with running_runner(faulty, bus, DummyExecutor()):
            await until(lambda: any(line["event"] == "Waiting for the store" for line in logs))
            faulty.down = False
            assert (await until_status(store, task_id)).status is Status.PASSED


async def test_a_dead_redis_stops_no_execution(store, bus):
    """It runs to its end in the store; its states stay unannounced for the sweep."""
    bus.down = True
    task_id = await dummy_request(store)
    async with running_runner(store, bus, DummyExecutor()):
        assert (await until_status(store, task_id)).status is Status.PASSED
    assert await stored_output(store, task_id) == ["dummy 0"]
    assert [e.task_id for e in await store.unannounced(before=now_ms() + 1000)] == [task_id]


async def test_a_runner_serves_its_pools(store, bus):
    """Others' executions wait."""
    tasks = {pool: await stored(store, {"image": "image"}, pool=pool) for pool in ("gpu", "arm", "default")}
    async with running_runner(store, bus, DummyExecutor(), RUNCAST_POOLS="gpu, arm"):
        for pool in ("gpu", "arm"):
            assert (await until_status(store, tasks[pool])).status is Status.PASSED
        await wake(bus)
    assert (await store.execution(ORG, tasks["default"])).status is Status.PENDING


async def test_a_runner_takes_up_what_it_held_before_its_restart(store, bus):
    """Its own executions are handed back at the start and run as a new attempt; another runner's are not."""
    task_id = await dummy_request(store)
    await store.claim(ORG, runner_id="r1", lease_ms=60_000, limit=1)
    other = await dummy_request(store, "other")
    await store.claim("other", runner_id="r2", lease_ms=60_000, limit=1)
    async with running_runner(store, bus, DummyExecutor()):
        ended = await until_status(store, task_id)
    assert (ended.status, ended.attempt) == (Status.PASSED, 2)
    assert await stored_output(store, task_id, attempt=2) == ["dummy 0"]
    assert (await store.execution("other", other)).status is Status.RUNNING


async def test_no_more_run_at_once_than_the_setting_says(store, bus):
    """The next begins when one ends, without waiting for the poll."""
    tasks = [await dummy_request(store, lines="5", delay="0.01") for _ in range(9)]
    most = 0

    class Counting(DummyExecutor):
        async def behave(self, job: Job, write: Write) -> int:
            nonlocal most
            most = max(most, len(self.jobs))
            return await super().behave(job, write)

    async with running_runner(store, bus, Counting(), RUNCAST_CONCURRENCY="3"):
        for task_id in tasks:
            assert (await until_status(store, task_id)).status is Status.PASSED
    assert most == 3


async def test_no_more_of_an_organization_run_at_once_than_its_limit(store, bus):
    """Another organization's execution gets the room that is left."""
    executor = DummyExecutor()
    mine = [await dummy_request(store, hang="1") for _ in range(3)]
    other = await dummy_request(store, "other", hang="1")
    settings = {"RUNCAST_CONCURRENCY": "4", "RUNCAST_ORGANIZATION_LIMIT": "2"}
    async with running_runner(store, bus, executor, **settings):
        await until(lambda: len(executor.jobs) == 3)
        await wake(bus)
        assert len(executor.jobs & {*mine}) == 2
        assert other in executor.jobs


@pytest.mark.parametrize("signalled", [True, False])
async def test_a_new_request_is_claimed(store, bus, signalled):
    """At once by the signal, or where that is lost by the poll."""
    async with running_runner(store, bus, DummyExecutor(), RUNCAST_POLL="60" if signalled else "0.1"):
        await until(lambda: bool(bus._listeners))
        task_id = await dummy_request(store)
        if signalled:
            await wake(bus)
        assert (await until_status(store, task_id)).status is Status.PASSED


async def test_two_runners_share_the_work(store, bus):
    """Each execution runs once, whoever claims it."""
    executors = DummyExecutor(), DummyExecutor()
    tasks = [await dummy_request(store, delay="0.01") for _ in range(20)]
    async with (
        running_runner(store, bus, executors[0], RUNCAST_RUNNER_ID="r1"),
        running_runner(store, bus, executors[1], RUNCAST_RUNNER_ID="r2"),
    ):
        ended = [await until_status(store, task_id) for task_id in tasks]
    assert {(e.status, e.attempt) for e in ended} == {(Status.PASSED, 1)}
    assert {e.runner_id for e in ended} == {"r1", "r2"}


async def test_a_real_process_runs_from_request_to_end(store, bus, tmp_path):
    """The same with a command of this machine."""
    executor = ProcessExecutor(tmp_path / "processes", allowed=True)
    request = {"image": "local", "command": "echo hello $NAME; exit 2", "config": {"envVars": {"NAME": "you"}}}
    task_id = await stored(store, request)
    refused = await stored(store, {"image": "busybox"})
    async with running_runner(store, bus, executor):
        ended = await until_status(store, task_id)
        assert (await until_status(store, refused)).error.startswith("no container engine answered")
    assert (ended.status, ended.exit_code) == (Status.FAILED, 2)
    assert await stored_output(store, task_id) == ["hello you"]
