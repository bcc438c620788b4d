"""Runs `image: "local"` as a process of this machine: for trying Runcast out where no container engine is.

There is no isolation but a scrubbed environment and a temporary folder, hence loopback only unless
`RUNCAST_ALLOW_PROCESS=1`. Process trees die with the runner where Linux permits a PID namespace; whatever a killed
runner left elsewhere is killed at the next start.
"""

import os
import signal
import subprocess
import tempfile
from pathlib import Path

import anyio
import anyio.abc
import anyio.to_thread
from runcast_core.errors import ExecutorError

from runcast_runner.executor import Job, Write

NO_ENGINE = 'no container engine answered; start one, or use image "local"'
_NAMESPACE = ["setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child", "--"]
_GONE = ""


class ProcessExecutor:
    """See `runcast_runner.executor.Executor`. `directory` notes the process groups that run."""

    name = "process"

    def __init__(self, directory: Path, *, allowed: bool, namespaces: bool | None = None) -> None:
        self._directory = directory
        self._allowed = allowed
        permitted = _namespaces_permitted() if namespaces is None else namespaces
        self._prefix = _NAMESPACE if permitted else []

    async def run(self, job: Job, write: Write) -> int:
        if job.image != "local":
            raise ExecutorError(NO_ENGINE)
        if not self._allowed:
            raise ExecutorError("the process executor runs on loopback only; RUNCAST_ALLOW_PROCESS=1 lifts that")
        if job.command is None:
            raise ExecutorError('image "local" needs a command')
        with tempfile.TemporaryDirectory(prefix="runcast-job-", ignore_cleanup_errors=True) as folder:
            return await self._run(job, write, folder)

    async def remove_orphans(self) -> None:
        """Kill the groups that a killed runner noted here, unless their number is by now another process's."""
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for note in [path for path in self._directory.iterdir() if path.name.isdigit()]:
            if _started_at(int(note.name)) in {note.read_text(), _GONE}:
                _kill(int(note.name))
            note.unlink()

    async def _run(self, job: Job, write: Write, folder: str) -> int:
        process = await self._started(job, folder)
        note = self._directory / str(process.pid)
        try:
            note.write_text(_started_at(process.pid))
            return await _stream(process, write)
        finally:
            _kill(process.pid)
            with anyio.CancelScope(shield=True):
                await process.aclose()
            note.unlink(missing_ok=True)

    async def _started(self, job: Job, folder: str) -> anyio.abc.Process:
        command = ["/bin/sh", "-c", job.command] if isinstance(job.command, str) else list(job.command or ())
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": folder, "LANG": "C.UTF-8", **job.environment}
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            with anyio.CancelScope(shield=True):
                return await anyio.open_process(
                    [*self._prefix, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    cwd=folder,
                    env=environment,
                    start_new_session=True,
                )
        except OSError as exc:
            raise ExecutorError(f"the command could not be started: {exc.strerror}") from exc
        except ValueError as exc:
            raise ExecutorError("the command could not be started: a NUL byte in it or in a variable") from exc


async def _stream(process: anyio.abc.Process, write: Write) -> int:
    """Pass the output on until the process has ended; what a child of it still holds open is not waited for."""
    assert process.stdout is not None  # noqa: S101 - asked for a pipe
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_end_with_process, process, tasks.cancel_scope)
        async for data in process.stdout:
            await write(data)
        tasks.cancel_scope.cancel()
    code = await process.wait()
    return code if code >= 0 else 128 - code  # killed by a signal: as shells and Docker say it


async def _end_with_process(process: anyio.abc.Process, reading: anyio.CancelScope) -> None:
    await process.wait()
    _kill(process.pid)  # then its pipe ends, once what is in it was read
    await anyio.sleep(5)
    reading.cancel()


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def _started_at(pid: int) -> str:
    """Return the start time of a process in clock ticks since boot, which tells it from a later one of this number."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return _GONE


def _namespaces_permitted() -> bool:
    try:
        return subprocess.run([*_NAMESPACE, "true"], capture_output=True, timeout=10, check=False).returncode == 0  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
