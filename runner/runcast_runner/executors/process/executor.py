"""Runs `image: "local"` as a process of this machine: for trying Runcast out where no container engine is.

There is no isolation but a scrubbed environment and a temporary folder, hence loopback only unless
`RUNCAST_ALLOW_PROCESS=1`. Process trees die with the runner where Linux permits a PID namespace; elsewhere what has the
job's group or folder is killed at its end, and what a killed runner left is killed at the next start.
"""

import os
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import anyio
import anyio.abc

from runcast_core.model.errors import ExecutorError
from runcast_runner.executors.executor import FoundJob, Job, Tell
from runcast_runner.executors.process.namespace import find_namespace
from runcast_runner.executors.process.notes import FOLDER_PREFIX, ProcessNotes
from runcast_runner.executors.process.output import ProcessOutput
from runcast_runner.executors.process.stop import ask_to_end
from runcast_runner.executors.process.streams import ProcessStreams
from runcast_runner.executors.process.tree import kill_group, kill_holders

NO_ENGINE = 'no container engine answered; start one, or use image "local"'
_REMOVE_S = 60


class ProcessExecutor:
    """See `runcast_runner.executors.executor.Executor`. Notes the process groups that run in `directory`, which
    is its own."""

    name = "process"

    def __init__(
        self,
        directory: Path,
        runner_id: str = "",
        *,
        allowed: bool,
        kill_grace_s: float = 10,
        namespace: tuple[str, ...] | None = None,
    ) -> None:
        self._notes = ProcessNotes(directory)
        self._runner_id = runner_id
        self._allowed = allowed
        self._kill_grace_s = kill_grace_s
        self._namespace = find_namespace() if namespace is None else namespace

    async def prepare(self, job: Job, tell: Tell) -> None:
        """Nothing is needed."""

    @asynccontextmanager
    async def running(self, job: Job, found: FoundJob | None = None) -> AsyncIterator[ProcessOutput]:
        if job.image != "local":
            raise ExecutorError(NO_ENGINE)
        if not self._allowed:
            raise ExecutorError("the process executor runs on loopback only; RUNCAST_ALLOW_PROCESS=1 lifts that")
        if job.command is None:
            raise ExecutorError('image "local" needs a command')
        async with _temporary_folder() as folder:
            with ProcessStreams() as streams:
                async with self._begun(job, folder, streams) as output:
                    yield output

    @asynccontextmanager
    async def _begun(self, job: Job, folder: str, streams: ProcessStreams) -> AsyncIterator[ProcessOutput]:
        self._notes.prepare()
        with anyio.CancelScope(shield=True):  # else what it has started by then would be nobody's
            process = await self._started(job, folder, streams)
        streams.begun()
        ask = partial(ask_to_end, process, in_namespace=bool(self._namespace))
        end = partial(self._end, process.pid, folder)
        try:
            with self._notes.noted(process.pid, folder, job.key):
                yield ProcessOutput(process, streams, ask=ask, end=end, kill_grace_s=self._kill_grace_s)
        finally:
            with anyio.CancelScope(shield=True):
                await end()
                await process.aclose()

    async def found(self) -> list[FoundJob]:
        """Nobody can go on with one of another runner, whose end of the pipe is gone."""
        self._notes.prepare()
        return [FoundJob(note.key, self._runner_id, False, note) for note in self._notes.all()]

    async def remove(self, found: FoundJob) -> None:
        await anyio.to_thread.run_sync(self._notes.clear, found.handle)

    async def _end(self, group: int, folder: str) -> None:
        kill_group(group)
        if not self._namespace:  # which nothing leaves, while a session of its own leaves the group
            await anyio.to_thread.run_sync(kill_holders, folder)

    async def _started(self, job: Job, folder: str, streams: ProcessStreams) -> anyio.abc.Process:
        command = ["/bin/sh", "-c", job.command] if isinstance(job.command, str) else list(job.command or ())
        own = {"PATH": os.environ.get("PATH", os.defpath), "HOME": folder, "PWD": folder, "LANG": "C.UTF-8"}
        try:
            return await anyio.open_process(
                [*self._namespace, *command],
                stdin=subprocess.DEVNULL,
                stdout=streams.stdout,
                stderr=streams.stderr,
                cwd=folder,
                env={**own, **job.environment},
                start_new_session=True,
            )
        except OSError as exc:
            raise ExecutorError(f"the command could not be started: {exc.strerror}") from exc
        except ValueError as exc:
            raise ExecutorError("the command could not be started: a NUL byte in it or in a variable") from exc


@asynccontextmanager
async def _temporary_folder() -> AsyncIterator[str]:
    """Make a job's folder; remove it in a thread, as it may hold tens of thousands of files."""
    folder = tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, ignore_cleanup_errors=True)
    try:
        yield folder.name
    finally:
        with anyio.move_on_after(_REMOVE_S, shield=True):
            await anyio.to_thread.run_sync(folder.cleanup, abandon_on_cancel=True)
