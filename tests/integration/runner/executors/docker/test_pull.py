"""Images that the engine pulls for an execution, from a registry that does not give them."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import anyio
import anyio.to_thread
import pytest

from runcast_core.model.errors import ExecutorError
from runcast_core.model.executions import Phase, Status
from runcast_core.model.identifiers import new_id
from runcast_runner.executors.docker.executor import DockerExecutor
from runcast_runner.executors.executor import Job, Limits
from tests.conftest import missing
from tests.parts.docker_executor import executor
from tests.parts.engine import removed_image
from tests.parts.registry import Registry, running_registry
from tests.parts.runner import ORG, bus, events_of, running_runner, store, stored, until_status

__all__ = ["bus", "executor", "store"]

PATIENCE_S = 20
RUN_UNTIL_TERMINATED = """
import signal, sys
import anyio
import anyio.lowlevel
from runcast_runner.executors.docker.executor import connect_docker
from runcast_runner.executors.executor import Job, Limits

async def tell(phase):
    await anyio.lowlevel.checkpoint()

async def main():
    executor = connect_docker("test-pull", installation="tests", kill_grace_s=0)
    job = Job("org", "t", 1, sys.argv[1], "true", {}, Limits(64, 1, 32))
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(executor.prepare, job, tell)
        with anyio.open_signal_receiver(signal.SIGTERM) as signals:
            print("ready", flush=True)
            async for _ in signals:
                tasks.cancel_scope.cancel()

anyio.run(main)
"""


@pytest.fixture
def registry(busybox_image: str) -> Iterator[Registry]:
    if not os.environ.get("DOCKER_HOST", "unix://").startswith("unix://"):
        missing("the engine is on another machine, whose loopback has no stand-in for a registry")
    with running_registry() as registry:
        yield registry


async def _run(executor: DockerExecutor, image: str, told: list[Phase]) -> None:
    async def tell(phase: Phase) -> None:
        told.append(phase)

    await executor.prepare(Job("org", new_id(), 1, image, "true", {}, Limits(64, 1, 32)), tell)


async def test_a_pull_is_told_and_its_end(executor, registry):
    """An image that is there takes no time, so that nothing is told."""
    with removed_image(registry.image("whole")) as image, anyio.fail_after(PATIENCE_S):
        told: list[Phase] = []
        await _run(executor, image, told)
        assert told == [Phase.PULLING, Phase.STARTING]
        await _run(executor, image, told)
        assert told == [Phase.PULLING, Phase.STARTING]


async def test_who_looks_meanwhile_sees_that_it_is_pulled(store, bus, executor, registry):
    """And everybody was told; not any more once that is over, be it that it is cancelled."""
    task_id = await stored(store, {"image": registry.image("slow")})
    async with running_runner(store, bus, executor, RUNCAST_LEASE_MS="600"):
        assert await anyio.to_thread.run_sync(registry.asked.wait, PATIENCE_S)
        [known] = await store.executions(ORG)
        assert (known.status, known.phase) == (Status.RUNNING, Phase.PULLING)
        await store.request_cancel(ORG, task_id)
        ended = await until_status(store, task_id, Status.CANCELLED)
    assert (ended.phase, ended.rev) == (None, known.rev + 1)
    told = [(body["status"], body.get("phase"), body["rev"]) for _, body in events_of(bus, task_id)]
    assert told == [("RUNNING", None, 2), ("RUNNING", "pulling", 3), ("CANCELLED", None, 4)]


async def test_the_error_has_the_registrys_words(executor, registry):
    """Those that come in the middle of the pull too. What was not pulled is not said to start."""
    image = registry.image("denied")
    told: list[Phase] = []
    with anyio.fail_after(PATIENCE_S), pytest.raises(ExecutorError) as raised:
        await _run(executor, image, told)
    assert told == [Phase.PULLING]
    assert raised.value.message.startswith(f"image {image} could not be pulled: ")
    assert "quarantined by policy" in raised.value.message


async def test_a_cancelled_pull_is_ended(executor, registry):
    """The execution does not wait for it, and the engine is told that nobody wants the image any more."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_run, executor, registry.image("slow"), [])
        assert await anyio.to_thread.run_sync(registry.asked.wait, PATIENCE_S)
        tasks.cancel_scope.cancel()
    assert await anyio.to_thread.run_sync(registry.left.wait, PATIENCE_S)


async def test_a_pull_has_its_own_limit(executor, registry):
    """The error names the image and the limit, and the engine is told that nobody wants the image any more."""
    executor._pull_timeout_s = 0.5
    image = registry.image("slow")
    with anyio.fail_after(PATIENCE_S), pytest.raises(ExecutorError) as raised:
        await _run(executor, image, [])
    assert raised.value.message == f"image {image} was not pulled within 0.5 s"
    assert await anyio.to_thread.run_sync(registry.left.wait, PATIENCE_S)


def test_a_pull_that_hangs_does_not_keep_the_process(registry):
    """A runner that is told to end does so, whatever its engine waits for."""
    command = [sys.executable, "-c", RUN_UNTIL_TERMINATED, registry.image("silent")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"ready\n"
            assert registry.asked.wait(PATIENCE_S)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()
