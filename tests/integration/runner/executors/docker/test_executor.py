"""The Docker executor on a real engine, with an image built from nothing but busybox."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from itertools import chain, islice

import anyio
import anyio.to_thread
import docker
import pytest
from structlog.testing import capture_logs

from runcast_core.model.errors import ExecutorError
from runcast_core.model.identifiers import new_id
from runcast_runner.executors.docker import container as docker_container
from runcast_runner.executors.docker.executor import DockerExecutor, connect_docker
from runcast_runner.executors.docker.log import entries
from runcast_runner.executors.executor import Job, Limits
from runcast_runner.executors.log_place import LOST, LogPlace
from runcast_runner.queue.orphans import remove_jobs_of
from tests.parts.conditions import until
from tests.parts.docker_executor import any_phase, executor
from tests.parts.engine_proxy import EngineProxy, running_proxy
from tests.parts.jobs import run_job

__all__ = ["executor"]


def _job(image: str, command, *, cpus: float = 0.5, **environment: str) -> Job:
    return Job("org", new_id(), 1, image, command, environment, Limits(64, cpus, 32))


def _containers(executor: DockerExecutor) -> list:
    return executor._client.containers.list(all=True, filters={"label": f"runcast.runner={executor._runner_id}"})


async def _run(executor: DockerExecutor, job: Job) -> tuple[int, bytes]:
    code, pieces = await _pieces(executor, job)
    return code, b"".join(data for _, data in pieces)


async def _pieces(executor: DockerExecutor, job: Job) -> tuple[int, list[tuple[int, bytes]]]:
    pieces = []

    async def write(data: bytes, stream: int = 0) -> None:
        pieces.append((stream, data))

    await executor.prepare(job, any_phase)
    return await run_job(executor, job, write), pieces


async def test_it_returns_output_in_order_and_the_exit_code_and_leaves_nothing(executor, busybox_image):
    """Text runs in a shell, with the job's variables; the container is gone afterwards."""
    job = _job(busybox_image, "echo out $GREETING; sleep 0.3; echo err >&2; exit 3", GREETING="hello")
    assert await _run(executor, job) == (3, b"out hello\nerr\n")
    assert _containers(executor) == []


async def test_a_list_is_the_command_itself(executor, busybox_image):
    """No shell is between."""
    assert await _run(executor, _job(busybox_image, ["echo", "$HOME", ";"])) == (0, b"$HOME ;\n")


async def test_much_binary_output_is_complete(executor, busybox_image):
    """Every byte arrives, in order."""
    code, output = await _run(executor, _job(busybox_image, "seq 1 100000; head -c 100000 /dev/zero"))
    assert code == 0
    assert output == b"".join(b"%d\n" % n for n in range(1, 100_001)) + bytes(100_000)


async def test_the_container_is_labelled_and_limited(executor, busybox_image):
    """Labels with organization and task; memory, CPU and process limits; no new privileges."""
    job = _job(busybox_image, "sleep 30")
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_run, executor, job)
            [container] = await until(lambda: anyio.to_thread.run_sync(_containers, executor))
            host = container.attrs["HostConfig"]
            assert container.labels["runcast.organization"] == "org"
            assert container.labels["runcast.task"] == job.task_id
            assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (64 * 2**20, 500_000_000, 32)
            assert host["SecurityOpt"] == ["no-new-privileges"]
            assert host["LogConfig"]["Config"] == {"max-size": "100m", "max-file": "2"}
            tasks.cancel_scope.cancel()
    assert _containers(executor) == []


@pytest.mark.parametrize("cpus", [10_000, 0.001])
async def test_more_or_fewer_cpus_than_the_engine_takes_are_what_it_takes(executor, busybox_image, cpus):
    """A limit that this machine cannot give is no reason not to run."""
    assert await _run(executor, _job(busybox_image, "echo ran", cpus=cpus)) == (0, b"ran\n")


async def test_what_an_earlier_runner_left_is_removed(executor, busybox_image):
    """Only containers of this runner's name are."""
    names = {"organization": "org", "task": "t", "attempt": "1", "created": "0", "runner": executor._runner_id}
    labels = {f"runcast.{name}": value for name, value in names.items()}
    executor._client.containers.run(busybox_image, ["sleep", "60"], labels=labels, detach=True)
    await remove_jobs_of(executor, executor._runner_id)
    assert _containers(executor) == []


async def _kept(executor: DockerExecutor, job: Job) -> None:
    """Start the job as a runner does that is then killed: nothing of it is removed."""
    container = await executor._created(job)
    await container.start(10)


async def test_jobs_of_the_installation_and_of_this_runner_are_found(executor, busybox_image):
    """Not those of another installation on the same engine."""
    client = executor._client
    same, others, moved = (
        DockerExecutor(client, runner, installation=installation, host_cpus=1, kill_grace_s=0)
        for runner, installation in (("x", executor._installation), ("y", "others"), (executor._runner_id, "others"))
    )
    jobs = {one: _job(busybox_image, "sleep 60") for one in (executor, same, others, moved)}
    try:
        for one, job in jobs.items():
            await _kept(one, job)
        found = {job.key: (job.runner_id, job.resumable) for job in await executor.found()}
        expected = {jobs[one].key: (one._runner_id, True) for one in (executor, same, moved)}
        assert {key: found.get(key) for key in expected} == expected
        assert jobs[others].key not in found
    finally:
        for one in jobs:
            await remove_jobs_of(one, one._runner_id)


async def test_a_job_that_was_found_is_gone_on_with(executor, busybox_image):
    """From its first line, with the time that it ran; at the end nothing is left, and removing that is no error."""
    job, output = _job(busybox_image, "echo begun; sleep 1.2; echo late; sleep 1; echo done; exit 3"), bytearray()

    async def write(data: bytes, _: int = 0) -> None:
        output.extend(data)

    await _kept(executor, job)
    [container] = _containers(executor)
    await until(lambda: b"late" in container.logs())
    [found] = await executor.found()
    async with executor.running(job, found) as running:
        assert 1 <= running.ran_s < 60
        assert await running.follow(write) == 3
    assert output == b"begun\nlate\ndone\n"
    assert _containers(executor) == []
    await executor.remove(found)


async def test_a_job_that_was_created_only_is_started(executor, busybox_image):
    """Its runner was killed in between."""
    job, output = _job(busybox_image, "echo ran"), bytearray()

    async def write(data: bytes, _: int = 0) -> None:
        output.extend(data)

    await executor._created(job)
    [found] = await executor.found()
    async with executor.running(job, found) as running:
        assert (running.ran_s, await running.follow(write)) == (0, 0)
    assert output == b"ran\n"


async def test_a_job_that_was_being_stopped_cannot_be_gone_on_with(executor, busybox_image):
    """Its name says so from before the stop on."""
    job = _job(busybox_image, "trap 'exit 0' TERM; echo begun; while :; do sleep 0.1; done")
    await _kept(executor, job)
    [container] = _containers(executor)
    await until(container.logs)
    [found] = await executor.found()
    (await executor._again(found))._stop()
    [stopped] = await executor.found()
    assert (found.resumable, stopped.resumable) == (True, False)
    await executor.remove(stopped)
    assert _containers(executor) == []


@pytest.mark.parametrize(
    ("image", "command", "message"),
    [
        ("runcast.invalid/none:1", "true", "image runcast.invalid/none:1 could not be pulled"),
        ("local", "true", "process executor"),
        (None, ["/no/such"], "could not be started"),
        (None, None, "could not be created: No command specified"),
    ],
)
async def test_what_cannot_run_is_a_clear_error(executor, busybox_image, image, command, message):
    """The text names what failed, and nothing is left."""
    with pytest.raises(ExecutorError, match=message):
        await _run(executor, _job(image or busybox_image, command))
    assert _containers(executor) == []


async def test_a_line_of_a_megabyte_is_complete(executor, busybox_image):
    """The engine cuts it into entries of 16 KB; they come out as one line."""
    code, output = await _run(executor, _job(busybox_image, "head -c 1048576 /dev/zero | tr '\\0' x; echo; echo after"))
    assert code == 0
    assert output == b"x" * 2**20 + b"\nafter\n"


@pytest.mark.parametrize(("last", "expected"), [("; sleep 0.1; echo", b"\n"), ("", b"")])
async def test_a_long_line_and_another_stream_meanwhile_are_each_complete(executor, busybox_image, last, expected):
    """The rest of the line comes later with the stamp of its beginning; it is neither doubled nor lost nor mixed."""
    command = f"head -c 40000 /dev/zero | tr '\\0' y; sleep 0.3; echo progress >&2{last}"
    code, pieces = await _pieces(executor, _job(busybox_image, command))
    assert code == 0
    assert b"".join(data for stream, data in pieces if stream == 1) == b"y" * 40_000 + expected
    assert [data for stream, data in pieces if stream == 2] == [b"progress\n"]


async def test_cancelling_removes_a_container_whose_output_nobody_takes(executor, busybox_image, monkeypatch):
    """Not even one that writes without end into a `write` that does not return."""
    monkeypatch.setattr(docker_container, "_FLUSH_S", 0.5)
    blocked = anyio.Event()

    async def write(*_: object) -> None:
        blocked.set()
        await anyio.sleep_forever()

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run_job, executor, _job(busybox_image, "yes"), write)
            await blocked.wait()
            tasks.cancel_scope.cancel()
    assert _containers(executor) == []


async def test_what_a_stopped_container_says_until_its_end_is_still_passed_on(executor, busybox_image):
    """Cancelling asks it to end with SIGTERM; its last words are output, and nothing is left."""
    executor._kill_grace_s = 10
    begun, output = anyio.Event(), bytearray()

    async def write(data: bytes, _: int = 0) -> None:
        output.extend(data)
        begun.set()

    command = "trap 'echo ending; sleep 0.5; echo ended; exit 0' TERM; echo begun; while :; do sleep 0.1; done"
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run_job, executor, _job(busybox_image, command), write)
            await begun.wait()
            tasks.cancel_scope.cancel()
    assert output == b"begun\nending\nended\n"
    assert _containers(executor) == []


async def test_a_container_killed_from_outside_ends_with_137(executor, busybox_image):
    """What it said before is output, and nothing is left."""
    output = bytearray()

    async def write(data: bytes, _: int = 0) -> None:
        output.extend(data)
        await anyio.to_thread.run_sync(lambda: [container.kill() for container in _containers(executor)])

    with anyio.fail_after(20):
        assert await run_job(executor, _job(busybox_image, "echo begun; sleep 60"), write) == 137
    assert output == b"begun\n"
    assert _containers(executor) == []


@asynccontextmanager
async def _through(proxy: EngineProxy, **silence: float) -> AsyncIterator[DockerExecutor]:
    client = await anyio.to_thread.run_sync(lambda: docker.DockerClient(proxy.address, timeout=2))
    yield DockerExecutor(client, f"test-{new_id()}", host_cpus=1, installation="tests", kill_grace_s=0, **silence)
    client.close()


async def test_a_start_has_its_own_limit(executor, busybox_image):
    """Where the engine hangs: the error names the limit, and nothing is left."""
    async with running_proxy() as proxy, _through(proxy, start_timeout_s=0.5) as hanging:
        proxy.unanswered = b"/start"
        with pytest.raises(ExecutorError, match=r"was not started within 0\.5 s"):
            await _run(hanging, _job(busybox_image, "sleep 60"))
    executor._runner_id = hanging._runner_id
    assert _containers(executor) == []


async def test_output_survives_broken_connections(busybox_image):
    """Wherever the stream breaks it is resumed, and nothing is missing or twice."""
    command = "seq 1 300; sleep 0.5; seq 301 600 >&2; sleep 1; seq 601 700"
    with anyio.fail_after(30):
        async with running_proxy() as proxy, _through(proxy) as executor:
            proxy.cuts = [700, 1500, 1503, 4000]
            code, output = await _run(executor, _job(busybox_image, command))
            assert (code, proxy.cuts) == (0, [])
    assert output == b"".join(b"%d\n" % n for n in range(1, 701))


def test_what_the_engine_rotated_away_is_said_to_be_lost(executor, busybox_image):
    """A read that resumes too late goes on with what is still there, after a line that says so."""
    small = {"Type": "json-file", "Config": {"max-size": "10k", "max-file": "2"}}
    container = executor._client.containers.run(
        busybox_image,
        ["/bin/sh", "-c", "seq 1 3; until [ -e /go ]; do sleep 0.1; done; seq 4 3000"],
        detach=True,
        log_config=small,
        labels={"runcast.runner": executor._runner_id},
    )
    try:
        place, output = LogPlace(), []
        with closing(entries(container, place.resume(), 60)) as stream:
            output += [piece for entry in islice(chain.from_iterable(stream), 3) for piece in place.take(entry)]
        container.exec_run(["touch", "/go"])
        container.wait()
        for entry in chain.from_iterable(entries(container, place.resume(), 60)):
            output += place.take(entry)
    finally:
        container.remove(force=True)
    lost = output.index((0, LOST))
    numbers = [int(data) for _, data in output[lost + 1 :]]
    assert output[:lost] == [(1, b"1\n"), (1, b"2\n"), (1, b"3\n")]
    assert numbers == list(range(numbers[0], 3001))
    assert numbers[0] > 4


def _go_away(proxy: EngineProxy) -> None:
    proxy.gone.set()


def _fall_silent(proxy: EngineProxy) -> None:
    proxy.silent = True


@pytest.mark.parametrize("vanish", [_go_away, _fall_silent])
async def test_an_engine_that_is_gone_is_a_clear_error(executor, busybox_image, vanish):
    """In the middle of a job: an error instead of waiting for ever; the next start removes the container."""
    output = bytearray()

    async def write(data: bytes, _: int) -> None:
        output.extend(data)
        vanish(proxy)

    with anyio.fail_after(60):
        async with running_proxy() as proxy, _through(proxy, silence_s=0.5) as cut_off:
            with pytest.raises(ExecutorError, match="unknown: the container engine does not answer"):
                await run_job(cut_off, _job(busybox_image, "echo begun; sleep 300"), write)
    assert output == b"begun\n"
    executor._runner_id = cut_off._runner_id
    assert len(_containers(executor)) == 1
    await remove_jobs_of(executor, executor._runner_id)
    assert _containers(executor) == []


async def test_a_container_that_says_nothing_for_long_is_not_interrupted(busybox_image):
    """The read that timed out is begun again without a word, and output goes on where it was."""
    with capture_logs() as logs:
        async with running_proxy() as proxy, _through(proxy, silence_s=0.3) as executor:
            job = _job(busybox_image, "sleep 1; echo a; sleep 1; printf b; sleep 1; echo c")
            assert await _run(executor, job) == (0, b"a\nbc\n")
    assert logs == []


def test_no_engine_is_a_clear_error(monkeypatch):
    """An address where nothing answers is an `ExecutorError`."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(ExecutorError, match="no container engine answered"):
        connect_docker("r", installation="tests", kill_grace_s=0)


def test_the_engine_answers(busybox_image):
    """The header's version is a real engine's."""
    client = docker.from_env()
    assert client.ping()
    client.close()
