"""The process executor with real processes: what they see, and that nothing of them stays."""

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest

from runcast_core.errors import ExecutorError
from runcast_core.identifiers import new_id
from runcast_runner.executor import Job, Limits
from runcast_runner.process_executor import ProcessExecutor, _namespaces_permitted
from runcast_runner.process_notes import started_at
from tests.conftest import missing

RUNNER = """
import sys, anyio
from pathlib import Path
from runcast_runner.executor import Job, Limits
from runcast_runner.process_executor import ProcessExecutor

async def write(data): pass

async def main():
    executor = ProcessExecutor(Path(sys.argv[1]), allowed=True, namespaces=sys.argv[2] == "True")
    await executor.run(Job("org", "t", 1, "local", sys.argv[3], {}, Limits(64, 1, 64)), write)

anyio.run(main)
"""


@pytest.fixture(params=[True, False], ids=["namespace", "group"])
def namespaces(request: pytest.FixtureRequest) -> bool:
    if request.param and not _namespaces_permitted():
        missing("PID namespaces are not permitted here")
    return request.param


@pytest.fixture
def executor(namespaces: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProcessExecutor:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "jobs"))
    (tmp_path / "jobs").mkdir()
    return ProcessExecutor(tmp_path / "notes", allowed=True, namespaces=namespaces)


def _job(command, image: str = "local", **environment: str) -> Job:
    return Job("org", new_id(), 1, image, command, environment, Limits(64, 1, 64))


async def _run(executor: ProcessExecutor, job: Job) -> tuple[int, bytes]:
    output = bytearray()

    async def write(data: bytes) -> None:
        output.extend(data)

    with anyio.fail_after(30):
        return await executor.run(job, write), bytes(output)


def _marker() -> str:
    """Return a duration that no other `sleep` of this machine has."""
    return str(10**6 + secrets.randbelow(10**8))


def _sleeping(marker: str) -> list[int]:
    """Return the processes that sleep for the marker's time, wherever in a namespace they are."""
    found = []
    for path in Path("/proc").iterdir():
        try:
            if path.name.isdigit() and (path / "cmdline").read_bytes() == f"sleep\0{marker}\0".encode():
                found.append(int(path.name))
        except OSError:
            continue
    return found


async def _until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(15):
        while not condition():
            await anyio.sleep(0.02)


async def test_it_returns_output_in_order_and_the_exit_code_and_leaves_nothing(executor, tmp_path):
    """Standard output and error come in the order of writing; folder and note are gone afterwards."""
    job = _job("echo out $GREETING; echo err >&2; touch file; pwd; exit 3", GREETING="hello")
    code, output = await _run(executor, job)
    assert code == 3
    assert output.startswith(b"out hello\nerr\n" + str(tmp_path / "jobs").encode())
    assert list((tmp_path / "jobs").iterdir()) == list((tmp_path / "notes").iterdir()) == []


async def test_the_environment_is_scrubbed(executor, monkeypatch):
    """Nothing of the runner's own environment, which holds its secrets, but PATH reaches a job."""
    monkeypatch.setenv("JWT_SECRET", "of the service")
    _, output = await _run(executor, _job(["env"], OWN="1"))
    names = {line.partition("=")[0] for line in output.decode().splitlines()}
    assert names - {"PWD", "SHLVL", "_"} == {"PATH", "HOME", "LANG", "OWN"}


async def test_a_list_is_the_command_itself(executor):
    """No shell is between."""
    assert await _run(executor, _job(["echo", "$HOME", ";", "-n"])) == (0, b"$HOME ; -n\n")


async def test_much_binary_output_is_complete(executor):
    """Every byte arrives, in order."""
    code, output = await _run(executor, _job("seq 1 100000; head -c 1000000 /dev/zero"))
    assert code == 0
    assert output == b"".join(b"%d\n" % n for n in range(1, 100_001)) + bytes(1_000_000)


async def test_a_signal_is_an_exit_code(executor, namespaces):
    """As shells and Docker say it: 128 and the signal's number. In a namespace a job is process 1, as in a container,
    which no signal of its own kills."""
    command = "sh -c 'kill -KILL $$'; exit $?" if namespaces else "kill -KILL $$"
    code, _ = await _run(executor, _job(command))
    assert code == 137


async def test_a_missing_command_fails_clearly(executor, namespaces):
    """Either the command's own 127 or an error that says so."""
    if namespaces:
        code, output = await _run(executor, _job(["/no/such"]))
        assert code == 127
        assert b"/no/such" in output
    else:
        with pytest.raises(ExecutorError, match="could not be started: No such file"):
            await _run(executor, _job(["/no/such"]))


@pytest.mark.parametrize(
    ("job", "message"),
    [
        (_job("true", image="busybox"), 'no container engine answered; start one, or use image "local"'),
        (_job(None), "needs a command"),
        (_job("true", A="a\0b"), "NUL"),
        (_job("echo a\0b"), "NUL"),
    ],
)
async def test_what_cannot_run_is_a_clear_error(executor, job, message):
    """The text says what to change."""
    with pytest.raises(ExecutorError, match=message):
        await _run(executor, job)


async def test_it_refuses_unless_allowed(tmp_path):
    """A runner that others can reach runs no processes of theirs."""
    with pytest.raises(ExecutorError, match="RUNCAST_ALLOW_PROCESS"):
        await _run(ProcessExecutor(tmp_path, allowed=False), _job("true"))


async def test_cancelling_kills_the_whole_tree(executor, tmp_path):
    """Children and grandchildren, also those that ignore SIGTERM."""
    marker = _marker()
    command = f"trap '' TERM; (sleep {marker} & sleep {marker}) & sleep {marker}"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_run, executor, _job(command))
        await _until(lambda: len(_sleeping(marker)) == 3)
        tasks.cancel_scope.cancel()
    await _until(lambda: _sleeping(marker) == [])
    assert list((tmp_path / "jobs").iterdir()) == list((tmp_path / "notes").iterdir()) == []


async def test_children_left_behind_die_with_the_job(executor):
    """A job ends with its first process; what holds its output open is killed, not waited for."""
    marker = _marker()
    assert await _run(executor, _job(f"sleep {marker} & echo done")) == (0, b"done\n")
    await _until(lambda: _sleeping(marker) == [])


async def test_a_session_of_its_own_does_not_escape_a_namespace(tmp_path):
    """Where PID namespaces are permitted even a daemon dies with its job."""
    if not _namespaces_permitted():
        missing("PID namespaces are not permitted here")
    marker = _marker()
    executor = ProcessExecutor(tmp_path, allowed=True, namespaces=True)
    code, _ = await _run(executor, _job(f"setsid sleep {marker} > /dev/null 2>&1 & exit 4"))
    assert code == 4
    await _until(lambda: _sleeping(marker) == [])


async def test_a_killed_runner_leaves_nothing_after_the_next_start(executor, namespaces, tmp_path):
    """In a namespace its jobs die with it; in a group at the next start, folder included."""
    marker = _marker()
    arguments = [sys.executable, "-c", RUNNER, str(tmp_path / "notes"), str(namespaces), f"sleep {marker} & wait"]
    environment = {**os.environ, "TMPDIR": str(tmp_path / "jobs")}
    with subprocess.Popen(arguments, env=environment) as runner:
        await _until(lambda: bool(_sleeping(marker)) and any((tmp_path / "notes").glob("*")))
        runner.kill()
    if namespaces:
        await _until(lambda: _sleeping(marker) == [])
    else:
        assert _sleeping(marker)
    await executor.remove_orphans()
    await _until(lambda: _sleeping(marker) == [])
    assert list((tmp_path / "jobs").iterdir()) == list((tmp_path / "notes").iterdir()) == []


async def test_children_of_an_ended_leader_are_found_at_the_next_start(executor, tmp_path):
    """The group is known by its folder where its first process is gone."""
    marker = _marker()
    folder = tmp_path / "jobs" / "runcast-job-x"
    folder.mkdir()
    command = ["/bin/sh", "-c", f"sleep {marker} &"]
    leader = subprocess.Popen(command, env={"PATH": os.environ["PATH"], "HOME": str(folder)}, start_new_session=True)
    started = started_at(leader.pid)
    leader.wait()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / str(leader.pid)).write_text(f"{started} {folder}")
    await _until(lambda: bool(_sleeping(marker)))
    await executor.remove_orphans()
    await _until(lambda: _sleeping(marker) == [])
    assert not folder.exists()


@pytest.mark.parametrize("leader_lives", [True, False])
async def test_a_reused_number_is_not_killed(executor, tmp_path, leader_lives):
    """A note of a process that ended long ago does not hit who has its number now; other files are left alone."""
    marker = _marker()
    command = f"exec sleep {marker}" if leader_lives else f"sleep {marker} &"
    other = subprocess.Popen(["/bin/sh", "-c", command], start_new_session=True)
    if not leader_lives:
        other.wait()
    try:
        (tmp_path / "notes").mkdir()
        (tmp_path / "notes" / str(other.pid)).write_text(f"1 {tmp_path}/jobs/runcast-job-gone")
        (tmp_path / "notes" / "README").touch()
        await _until(lambda: bool(_sleeping(marker)))
        await executor.remove_orphans()
        assert _sleeping(marker)
        assert [path.name for path in (tmp_path / "notes").iterdir()] == ["README"]
    finally:
        os.killpg(other.pid, signal.SIGKILL)
        other.wait()
