"""Chooses the executor of the settings; imports only that one."""

from pathlib import Path

import structlog

from runcast_core.model.errors import ExecutorError
from runcast_runner.executors.executor import Executor
from runcast_runner.settings import RunnerSettings

log = structlog.get_logger()


def choose_executor(settings: RunnerSettings) -> Executor:
    """Return the configured executor, or `docker` if an engine answers, else `process`.

    Raises `ExecutorError` if `docker` is demanded and no engine answers.
    """
    if settings.executor == "dummy":
        from runcast_runner.executors.dummy_executor import DummyExecutor

        return DummyExecutor()
    if settings.executor != "process":
        from runcast_runner.executors.docker.executor import connect_docker

        try:
            return connect_docker(
                settings.runner_id,
                installation=settings.installation,
                kill_grace_s=settings.kill_grace_s,
                pull_timeout_s=settings.pull_timeout_s,
                start_timeout_s=settings.start_timeout_s,
            )
        except ExecutorError as error:
            if settings.executor == "docker":
                raise
            log.info("No container engine, running processes", reason=error.message)
    from runcast_runner.executors.process.executor import ProcessExecutor

    return ProcessExecutor(
        Path(settings.process_folder),
        settings.runner_id,
        allowed=settings.process_allowed,
        kill_grace_s=settings.kill_grace_s,
    )
