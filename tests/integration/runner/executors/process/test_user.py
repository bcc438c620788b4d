"""The process executor under an ordinary user, who may not make a PID namespace alone."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runcast_runner.executors.process.namespace import USER_NAMESPACE
from tests.conftest import missing
from tests.parts.conditions import until
from tests.parts.sleeping import new_marker, sleeping

NOBODY = 65_534
RUNNER = """
import os, sys, anyio
from pathlib import Path
from runcast_runner.executors.executor import Job, Limits
from runcast_runner.queue.orphans import remove_jobs_of
from tests.parts.jobs import run_job
from runcast_runner.executors.process.executor import ProcessExecutor
from runcast_runner.executors.process.namespace import find_namespace

folder, namespace, command = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
output = bytearray()

async def write(data, _): output.extend(data)

async def run(notes, command):
    executor = ProcessExecutor(folder / notes, allowed=True, namespace=None if namespace == "found" else ())
    await remove_jobs_of(executor, executor._runner_id)
    return await run_job(executor, Job("org", "t", 1, "local", command, {}, Limits(64, 1, 64)), write)

anyio.run(run, "first", "true")  # imports all it needs, as that user may not be allowed to read this Python
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
code = anyio.run(run, "notes", command)
print(output.decode() + str(code), *find_namespace())
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of that user's own: pytest's are closed to it."""
    with tempfile.TemporaryDirectory() as name:
        if os.getuid() == 0:
            os.chown(name, NOBODY, NOBODY)
        yield Path(name)


@contextmanager
def _runner(folder: Path, namespace: str, command: str) -> "Iterator[subprocess.Popen[str]]":
    """Run a command as a job of an ordinary user: of this one, or of nobody where this is root."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    arguments = [sys.executable, "-c", RUNNER, str(folder), namespace, command]
    with subprocess.Popen(
        arguments, env=environment | {"TMPDIR": str(folder)}, stdout=subprocess.PIPE, text=True
    ) as runner:
        yield runner


def _said(folder: Path, namespace: str, command: str) -> list[str]:
    with _runner(folder, namespace, command) as runner:
        return runner.communicate(timeout=30)[0].splitlines()


@pytest.fixture(params=["found", "none"])
def namespace(request: pytest.FixtureRequest, folder: Path) -> str:
    """Whether the job runs in the namespace that such a user finds, or as where none is permitted."""
    if request.param == "found":
        _, *found = _said(folder, "none", "true")[-1].split()
        if not found:
            missing("ordinary users may not make user namespaces here")
        assert tuple(found) == USER_NAMESPACE
    return str(request.param)


async def test_a_daemon_dies_with_its_job_and_nobody_gains_anything(folder, namespace):
    """Also in the second choice, a user namespace, a job is the same user, without capabilities."""
    marker = new_marker()
    command = f"setsid sleep {marker} > /dev/null 2>&1 & id -u; grep -E 'Cap(Prm|Eff|Amb)' /proc/self/status; exit 4"
    user, *capabilities, end = _said(folder, namespace, command)
    assert int(user) == (os.getuid() or NOBODY)
    assert [line.split()[1] for line in capabilities] == ["0" * 16] * 3
    assert end.split()[0] == "4"
    await until(lambda: sleeping(marker) == [])


async def test_a_killed_runner_leaves_nothing_after_the_next_start(folder, namespace):
    """In a namespace its jobs die with it; elsewhere at the next start, daemons and the folder included."""
    marker = new_marker()
    with _runner(folder, namespace, f"setsid sleep {marker} & sleep {marker} & wait") as runner:
        await until(lambda: len(sleeping(marker)) == 2)
        runner.kill()
    if namespace == "found":
        await until(lambda: sleeping(marker) == [])
    else:
        assert len(sleeping(marker)) == 2
    assert _said(folder, namespace, "true")[-1].startswith("0")
    await until(lambda: sleeping(marker) == [])
    assert sorted(path.name for path in folder.iterdir()) == ["first", "notes"]
