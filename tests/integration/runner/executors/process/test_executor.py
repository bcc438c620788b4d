"""The process executor with real processes: what they see, and that nothing of them stays."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest

from runcast_core.model.errors import ExecutorError
from runcast_runner.executors.executor import Job
from runcast_runner.executors.process import output as process_output
from runcast_runner.executors.process.executor import ProcessExecutor
from runcast_runner.executors.process.tree import started_at
from runcast_runner.queue.orphans import remove_jobs_of
from tests.parts.conditions import until
from tests.parts.jobs import run_job
from tests.parts.process_executor import executor, local_job, namespace
from tests.parts.sleeping import new_marker, sleeping

__all__ = ["executor", "namespace"]

RUNNER = """
import sys, anyio
from pathlib import Path
from typing import Any
from runcast_runner.executors.executor import Job, Limits
from runcast_runner.executors.process.executor import ProcessExecutor

async def write(*_): pass

async def main():
    executor = ProcessExecutor(Path(sys.argv[1]), allowed=True, namespace=tuple(sys.argv[3:]))
    async with executor.running(Job("org", "t", 1, "local", sys.argv[2], {}, Limits(64, 1, 64))) as running:
        await running.follow(write)

anyio.run(main)
"""


async def _run(executor: ProcessExecutor, job: Job) -> tuple[int, bytes]:
    code, pieces = await _pieces(executor, job)
    return code, b"".join(data for _, data in pieces)


async def _pieces(executor: ProcessExecutor, job: Job) -> tuple[int, list[tuple[int, bytes]]]:
    pieces = []

    async def write(data: bytes, stream: int) -> None:
        pieces.append((stream, data))

    with anyio.fail_after(30):
        return await run_job(executor, job, write), pieces


async def test_it_returns_output_in_order_and_the_exit_code_and_leaves_nothing(executor, tmp_path):
    """Folder and note are gone afterwards."""
    code, output = await _run(executor, local_job("echo out $GREETING; touch file; pwd; exit 3", GREETING="hello"))
    assert code == 3
    assert output.startswith(b"out hello\n" + str(tmp_path / "jobs").encode())
    assert list((tmp_path / "jobs").iterdir()) == list((tmp_path / "notes").iterdir()) == []


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("echo out; echo err >&2", [(1, b"out\n"), (2, b"err\n")]),
        ("echo err >&2; echo out", [(2, b"err\n"), (1, b"out\n")]),
        ("echo err > /dev/stderr; echo out > /dev/stdout", [(2, b"err\n"), (1, b"out\n")]),
    ],
)
async def test_standard_output_and_error_are_told_apart_and_in_order(executor, command, expected):
    """Also where a shell opens them by their names."""
    assert await _pieces(executor, local_job(command)) == (0, expected)


async def test_both_streams_at_once_are_complete(executor):
    """Every line of each, in order, while the other one is busy too."""
    code, pieces = await _pieces(executor, local_job("seq 1 50000 >&2 & seq 1 50000; wait"))
    assert code == 0
    for number in (1, 2):
        lines = b"".join(data for stream, data in pieces if stream == number).split()
        assert lines == [b"%d" % n for n in range(1, 50_001)]


async def test_the_environment_is_scrubbed(executor, monkeypatch):
    """Nothing of the runner's own environment, which holds its secrets, but PATH reaches a job."""
    monkeypatch.setenv("JWT_SECRET", "of the service")
    _, output = await _run(executor, local_job(["env"], OWN="1"))
    names = {line.partition("=")[0] for line in output.decode().splitlines()}
    assert names - {"PWD", "SHLVL", "_"} == {"PATH", "HOME", "LANG", "OWN"}


async def test_a_list_is_the_command_itself(executor):
    """No shell is between."""
    assert await _run(executor, local_job(["echo", "$HOME", ";", "-n"])) == (0, b"$HOME ; -n\n")


async def test_much_binary_output_is_complete(executor):
    """Every byte arrives, in order."""
    code, output = await _run(executor, local_job("seq 1 100000; head -c 1000000 /dev/zero"))
    assert code == 0
    assert output == b"".join(b"%d\n" % n for n in range(1, 100_001)) + bytes(1_000_000)


async def test_a_signal_is_an_exit_code(executor, namespace):
    """As shells and Docker say it: 128 and the signal's number. In a namespace a job is process 1, as in a container,
    which no signal of its own kills."""
    command = "sh -c 'kill -KILL $$'; exit $?" if namespace else "kill -KILL $$"
    code, _ = await _run(executor, local_job(command))
    assert code == 137


async def test_a_missing_command_fails_clearly(executor, namespace):
    """Either the command's own 127 or an error that says so."""
    if namespace:
        code, output = await _run(executor, local_job(["/no/such"]))
        assert code == 127
        assert b"/no/such" in output
    else:
        with pytest.raises(ExecutorError, match="could not be started: No such file"):
            await _run(executor, local_job(["/no/such"]))


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (local_job("true", image="busybox"), 'no container engine answered; start one, or use image "local"'),
        (local_job(None), "needs a command"),
        (local_job("true", A="a\0b"), "NUL"),
        (local_job("echo a\0b"), "NUL"),
    ],
)
async def test_what_cannot_run_is_a_clear_error(executor, job, message):
    """The text says what to change."""
    with pytest.raises(ExecutorError, match=message):
        await _run(executor, job)


async def test_it_refuses_unless_allowed(tmp_path):
    """A runner that others can reach runs no processes of theirs."""
    with pytest.raises(ExecutorError, match="RUNCAST_ALLOW_PROCESS"):
        await _run(ProcessExecutor(tmp_path, allowed=False), local_job("true"))


async def test_cancelling_kills_the_whole_tree(executor, tmp_path):
    """Children and grandchildren, also those that ignore SIGTERM."""
    executor._kill_grace_s = 0.2
    marker = new_marker()
    command = f"trap '' TERM; (sleep {marker} & sleep {marker}) & sleep {marker}"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_run, executor, local_job(command))
        await until(lambda: len(sleeping(marker)) == 3 and any((tmp_path / "notes").iterdir()))
        tasks.cancel_scope.cancel()
    await until(lambda: sleeping(marker) == [])
    assert list((tmp_path / "jobs").iterdir()) == list((tmp_path / "notes").iterdir()) == []


async def test_cancelling_while_it_is_started_leaves_nothing(executor, tmp_path, monkeypatch):
    """Its children are there already, while nobody was told of the process yet."""
    marker = new_marker()
    open_process, told = anyio.open_process, anyio.Event()

    async def slowly(*arguments: Any, **options: Any) -> anyio.abc.Process:
        process = await open_process(*arguments, **options)
        await told.wait()
        return process

    monkeypatch.setattr(anyio, "open_process", slowly)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_run, executor, local_job(f"sleep {marker} & sleep {marker}"))
        await until(lambda: len(sleeping(marker)) == 2)
        tasks.cancel_scope.cancel()
        told.set()
    await until(lambda: sleeping(marker) == [])
    assert list((tmp_path / "jobs").iterdir()) == list((tmp_path / "notes").iterdir()) == []


async def test_children_left_behind_die_with_the_job(executor):
    """A job ends with its first process; what holds its output open is killed, not waited for."""
    marker = new_marker()
    assert await _run(executor, local_job(f"sleep {marker} & echo done")) == (0, b"done\n")
    await until(lambda: sleeping(marker) == [])


async def test_a_session_of_its_own_does_not_escape(executor):
    """Even a daemon dies with its job, also where the job chose another HOME: in no namespace by the folder it has."""
    marker = new_marker()
    job = local_job(f"setsid sleep {marker} > /dev/null 2>&1 & exit 4", HOME="/")
    assert await _run(executor, job) == (4, b"")
    await until(lambda: sleeping(marker) == [])


async def test_a_slow_writer_gets_every_byte(executor, monkeypatch):
    """What is in the pipe when the process ends is read, however long a store that is away holds the reader up."""
    monkeypatch.setattr(process_output, "_GRACE_S", 0.3)
    output = bytearray()

    async def write(data: bytes, _: int) -> None:
        if not output:
            await anyio.sleep(1)
        output.extend(data)

    with anyio.fail_after(30):
        await run_job(executor, local_job("head -c 230000 /dev/zero; echo the end"), write)
    assert output == bytes(230_000) + b"the end\n"


@pytest.mark.parametrize("says", ["", "echo;"], ids=["silent", "chatty"])
async def test_what_escaped_holds_the_end_up_for_a_grace_only(executor, namespace, monkeypatch, says):
    """A daemon without environment that keeps the pipe open; in a namespace it is gone without any."""
    monkeypatch.setattr(process_output, "_GRACE_S", 60 if namespace else 0.5)
    marker = new_marker()
    loop = f"sleep {marker} & while :; do {says} sleep 0.1; done"
    try:
        code, output = await _run(
            executor, local_job(f"env -i -C / setsid sh -c '{loop}' & sleep 0.3; echo done; exit 4")
        )
        assert code == 4
        assert output.strip() == b"done"
        assert bool(sleeping(marker)) is not bool(namespace)
    finally:
        for pid in sleeping(marker):
            os.killpg(os.getpgid(pid), signal.SIGKILL)


async def test_a_jobs_folder_is_removed_in_a_thread(executor, monkeypatch):
    """However many files it holds, the loop goes on."""
    threads = []
    cleanup = tempfile.TemporaryDirectory.cleanup

    def noted(folder: tempfile.TemporaryDirectory[str]) -> None:
        threads.append(threading.current_thread())
        cleanup(folder)

    monkeypatch.setattr(tempfile.TemporaryDirectory, "cleanup", noted)
    await _run(executor, local_job("touch file"))
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()


async def test_a_killed_runner_leaves_nothing_after_the_next_start(executor, namespace, tmp_path):
    """In a namespace its jobs die with it; elsewhere at the next start, daemons and the folder included."""
    marker = new_marker()
    command = f"setsid sleep {marker} & sleep {marker} & wait"
    arguments = [sys.executable, "-c", RUNNER, str(tmp_path / "notes"), command, *namespace]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "jobs")}
    with subprocess.Popen(arguments, env=environment) as runner:
        await until(lambda: len(sleeping(marker)) == 2 and any((tmp_path / "notes").glob("*")))
        runner.kill()
    if namespace:
        await until(lambda: sleeping(marker) == [])
    else:
        assert len(sleeping(marker)) == 2
    await remove_jobs_of(executor, executor._runner_id)
    await until(lambda: sleeping(marker) == [])
    assert list((tmp_path / "jobs").iterdir()) == list((tmp_path / "notes").iterdir()) == []


def _note(notes: Path, group: int, started: str, folder: Path) -> None:
    note = {"group": group, "started": started, "folder": str(folder), "key": ["org", "t", 1, 0]}
    (notes / str(group)).write_text(json.dumps(note))


async def test_children_of_an_ended_leader_are_found_at_the_next_start(executor, tmp_path):
    """The group is known by its folder where its first process is gone."""
    marker = new_marker()
    folder = tmp_path / "jobs" / "runcast-job-x"
    folder.mkdir()
    command = ["/bin/sh", "-c", f"sleep {marker} &"]
    leader = subprocess.Popen(command, env={"PATH": os.environ["PATH"], "HOME": str(folder)}, start_new_session=True)
    started = started_at(leader.pid)
    leader.wait()
    (tmp_path / "notes").mkdir()
    _note(tmp_path / "notes", leader.pid, started, folder)
    await until(lambda: bool(sleeping(marker)))
    await remove_jobs_of(executor, executor._runner_id)
    await until(lambda: sleeping(marker) == [])
    assert not folder.exists()


@pytest.mark.parametrize("leader_lives", [True, False])
async def test_a_reused_number_is_not_killed(executor, tmp_path, leader_lives):
    """A note of a process that ended long ago does not hit who has its number now; other files are left alone."""
    marker = new_marker()
    command = f"exec sleep {marker}" if leader_lives else f"sleep {marker} &"
    other = subprocess.Popen(["/bin/sh", "-c", command], start_new_session=True)
    if not leader_lives:
        other.wait()
    try:
        (tmp_path / "notes").mkdir()
        _note(tmp_path / "notes", other.pid, "1", tmp_path / "jobs" / "runcast-job-gone")
        (tmp_path / "notes" / "999999999").touch()  # cut short by a crash
        (tmp_path / "notes" / "README").touch()
        await until(lambda: bool(sleeping(marker)))
        await remove_jobs_of(executor, executor._runner_id)
        assert sleeping(marker)
        assert [path.name for path in (tmp_path / "notes").iterdir()] == ["README"]
    finally:
        os.killpg(other.pid, signal.SIGKILL)
        other.wait()
