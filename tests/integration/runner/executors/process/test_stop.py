"""How the process executor stops a job: SIGTERM, what it says then, and SIGKILL after the grace."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from runcast_runner.executors.executor import Job
from runcast_runner.executors.process import output as process_output
from runcast_runner.executors.process.executor import ProcessExecutor
from runcast_runner.executors.process.streams import STDOUT
from tests.parts.conditions import until
from tests.parts.jobs import run_job
from tests.parts.process_executor import GRACE_S, executor, grace, local_job, namespace
from tests.parts.sleeping import new_marker, sleeping

__all__ = ["executor", "grace", "namespace"]

LOOP = "while :; do sleep 0.05; done"


async def _stopped(
    executor: ProcessExecutor, job: Job, *, grace_s: float = GRACE_S, ready: Callable[[], bool] = lambda: True
) -> bytes:
    """Cancel a job once it has printed something and is ready; return what it printed. The whole grace is not for
    stopping it: that would take too long."""
    executor._kill_grace_s = grace_s
    begun, output = anyio.Event(), bytearray()

    async def write(data: bytes, stream: int) -> None:
        if stream == STDOUT:  # on the other one a shell tells how its command ended
            output.extend(data)
            begun.set()

    with anyio.fail_after(GRACE_S / 2):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(run_job, executor, job, write)
            await begun.wait()
            await until(ready)
            tasks.cancel_scope.cancel()
    return bytes(output)


def _nothing_left(folder: Path) -> bool:
    return list((folder / "jobs").iterdir()) == list((folder / "notes").iterdir()) == []


async def test_what_a_job_says_until_its_end_is_still_passed_on(executor, tmp_path):
    """SIGTERM reaches the command itself, whatever is between; its last words are output."""
    command = f"trap 'echo ending; sleep 0.3; echo ended; exit 0' TERM; echo begun; {LOOP}"
    output = await _stopped(executor, local_job(command))
    assert output == b"begun\nending\nended\n"
    assert _nothing_left(tmp_path)


CATCHES = """
import signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(print("asked")))
print("begun", flush=True)
while True: signal.pause()
"""
BLOCKS = """
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
print("begun", flush=True)
while signal.SIGTERM not in signal.sigpending(): time.sleep(0.05)
print("asked")
"""


@pytest.mark.parametrize("program", [CATCHES, BLOCKS])
async def test_a_list_is_asked_as_well(executor, program):
    """Without a shell the program is process 1 of its namespace; it may look for the signal without a handler."""
    output = await _stopped(executor, local_job(["python3", "-c", program]))
    assert output == b"begun\nasked\n"


async def test_children_are_asked_too(executor):
    """Also where the shell that waits for them would not outlive SIGTERM; it does not go on to its next command."""
    child = f'trap "sleep 0.3; echo the child ends; exit" TERM; echo begun; {LOOP}'
    output = await _stopped(executor, local_job(f"sh -c '{child}'; echo next"))
    assert output == b"begun\nthe child ends\n"


@pytest.mark.parametrize(
    "command",
    [
        "echo begun; sleep {marker}",
        "echo begun; sleep {marker}; echo next; sleep {marker}",
        f"echo begun; sleep {{marker}} & {LOOP}",
        "echo begun; sleep {marker} & sleep {marker} & wait",
        ["sh", "-c", "echo begun; exec sleep {marker}"],
    ],
)
async def test_what_has_nothing_to_say_ends_at_once(executor, command):
    """Whoever cancels a `sleep` does not wait for the grace, also where it is process 1 of a namespace."""
    marker = new_marker()
    command = command.format(marker=marker) if isinstance(command, str) else [c.format(marker=marker) for c in command]
    assert await _stopped(executor, local_job(command)) == b"begun\n"
    await until(lambda: sleeping(marker) == [])


@pytest.mark.parametrize("who", ["trap '' TERM; echo begun; {}", "sh -c \"trap '' TERM; echo begun; {}\"; echo next"])
async def test_what_ignores_it_is_killed_after_the_grace(executor, tmp_path, grace, who):
    """The job's own shell, or a child of it; what that prints meanwhile is output."""
    marker, go, lived = new_marker(), tmp_path / "go", tmp_path / "lived"
    wait = f"until [ -e {go} ]; do sleep 0.05; done"
    command = who.format(f"sleep {marker} & {wait}; echo alive; touch {lived}; {LOOP}")

    async def end_the_grace() -> None:
        await until(lambda: grace.begun)
        go.touch()
        await until(lived.exists)
        grace.end()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(end_the_grace)
        assert await _stopped(executor, local_job(command)) == b"begun\nalive\n"
    await until(lambda: sleeping(marker) == [])
    assert _nothing_left(tmp_path)


async def test_no_grace_is_none(executor):
    """With 0 it is killed at once."""
    output = await _stopped(executor, local_job(f"trap 'echo asked' TERM; echo begun; {LOOP}"), grace_s=0)
    assert output == b"begun\n"


async def test_a_job_that_closed_its_output_is_asked_too(executor, tmp_path):
    """Its end is waited for, not that of the pipes."""
    command = f"trap 'touch {tmp_path}/asked; exit' TERM; echo begun; exec >&- 2>&-; touch {tmp_path}/closed; {LOOP}"
    await _stopped(executor, local_job(command), ready=(tmp_path / "closed").exists)
    assert (tmp_path / "asked").exists()


async def test_a_job_that_has_ended_gets_no_grace(executor, namespace, monkeypatch):
    """What escaped it, and holds its output open, is not asked."""
    if namespace:
        return  # which nothing escapes
    monkeypatch.setattr(process_output, "_GRACE_S", 1)
    marker, child = new_marker(), new_marker()
    try:
        job = local_job(f"sleep {child} & env -i -C / setsid sleep {marker} & sleep 0.2; echo begun")
        output = await _stopped(executor, job, ready=lambda: sleeping(child) == [])
        assert output == b"begun\n"
        assert sleeping(marker)
    finally:
        for pid in sleeping(marker):
            os.kill(pid, signal.SIGKILL)
