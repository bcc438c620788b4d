"""Runs `image: "local"` as a process of this machine: for trying Runcast out where no container engine is.

There is no isolation but a scrubbed environment and a temporary folder, hence loopback only unless
`RUNCAST_ALLOW_PROCESS=1`. Process trees die with the runner where Linux permits a PID namespace; elsewhere the process
group is killed at its job's end, and what a killed runner left is killed at the next start.
"""

import os
import subprocess
import tempfile
from pathlib import Path

import anyio
import anyio.abc

from runcast_core.errors import ExecutorError
from runcast_runner.executor import Job, Write
from runcast_runner.process_notes import FOLDER_PREFIX, ProcessNotes, kill_group

NO_ENGINE = 'no container engine answered; start one, or use image "local"'
_NAMESPACE = ["setpriv", "--pdeathsig", "KILL", "unshare", "--pid", "--fork", "--kill-child", "--"]
_PIPE_GRACE_S = 5


class ProcessExecutor:
    """See `runcast_runner.executor.Executor`. Notes the process groups that run in `directory`."""

    name = "process"

    def __init__(self, directory: Path, *, allowed: bool, namespaces: bool | None = None) -> None:
        self._notes = ProcessNotes(directory)
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
        with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, ignore_cleanup_errors=True) as folder:
            return await self._run(job, write, folder)

    async def remove_orphans(self) -> None:
        self._notes.prepare()
        self._notes.clear()

    async def _run(self, job: Job, write: Write, folder: str) -> int:
        self._notes.prepare()
        process = await self._started(job, folder)
        try:
            with self._notes.noted(process.pid, folder):
                return await _stream(process, write)
        finally:
            kill_group(process.pid)
            with anyio.CancelScope(shield=True):
                await process.aclose()

    async def _started(self, job: Job, folder: str) -> anyio.abc.Process:
        command = ["/bin/sh", "-c", job.command] if isinstance(job.command, str) else list(job.command or ())
        environment = {"PATH": os.environ.get("PATH", os.defpath), "HOME": folder, "LANG": "C.UTF-8", **job.environment}
        try:
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
    kill_group(process.pid)  # then its pipe ends, once what is in it was read
    await anyio.sleep(_PIPE_GRACE_S)
    reading.cancel()


def _namespaces_permitted() -> bool:
    try:
        return subprocess.run([*_NAMESPACE, "true"], capture_output=True, timeout=10, check=False).returncode == 0  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False
