"""Ends what a killed `runcast up` left running: a child process that outlives it for as long as that takes.

It waits for the end of its standard input, which comes however its parent ends.
"""

import fcntl
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import anyio

from runcast_core.model.errors import SettingError

_END_S = 30


@asynccontextmanager
async def running_reaper(executor_name: str, runner_id: str, folder: str, kill_grace_s: int) -> AsyncIterator[None]:
    """Have one while the context is open; enter once that of an earlier `runcast up` with this folder has finished.

    Raises `SettingError` if it does not start.
    """
    command = [sys.executable, "-m", "runcast_services.reaper", executor_name, runner_id, folder, str(kill_grace_s)]
    async with await anyio.open_process(command, stderr=None, start_new_session=True) as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - pipes by default
        try:
            await process.stdout.receive()
        except anyio.EndOfStream as exc:
            raise SettingError(f"RUNCAST_PROCESS_DIR: {folder} cannot be used as a folder") from exc
        try:
            yield
        finally:
            with anyio.move_on_after(_END_S, shield=True):
                await process.stdin.aclose()
                await process.wait()
            if process.returncode is None:
                process.kill()


def main(executor_name: str, runner_id: str, folder: str, kill_grace_s: str) -> None:
    """Wait for the parent's end, then remove what its runner left."""
    try:
        Path(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(Path(folder, "reaper.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        sys.exit(1)  # the parent, which sees no answer, says what to do
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.write(1, b"ready\n")
    while os.read(0, 4096):
        pass
    own = {"RUNCAST_EXECUTOR": executor_name, "RUNCAST_RUNNER_ID": runner_id, "RUNCAST_PROCESS_DIR": folder}
    _reap({**own, "RUNCAST_KILL_GRACE": kill_grace_s})


def _reap(settings: dict[str, str]) -> None:
    """Imports what it needs only now, so that waiting costs little memory."""
    from runcast_core.model.errors import ExecutorError
    from runcast_core.serving.logging import configure_logging
    from runcast_runner.executors.executors import choose_executor
    from runcast_runner.queue.orphans import remove_jobs_of
    from runcast_runner.settings import RunnerSettings

    configure_logging("console", "error")  # to a terminal that may be gone
    try:
        runner = RunnerSettings.from_mapping(settings)
        anyio.run(remove_jobs_of, choose_executor(runner), runner.runner_id)
    except ExecutorError as error:
        with suppress(OSError):
            sys.stderr.write(f"runcast: what was running could not be removed: {error.message}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
