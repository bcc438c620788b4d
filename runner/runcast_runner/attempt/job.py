"""From a stored request to the job that an executor runs."""

from collections.abc import Mapping
from typing import Any

from runcast_core.model.executions import Execution
from runcast_runner.executors.executor import Job, Limits
from runcast_runner.settings import RunnerSettings
from runcast_runner.variables import environment


def job_of(execution: Execution, settings: RunnerSettings, variables: Mapping[str, str] | None = None) -> Job:
    """Return the job, which is given these variables, too."""
    request = execution.request
    config: Mapping[str, Any] = request.get("config", {})
    return Job(
        execution.organization_id,
        execution.task_id,
        execution.attempt,
        request["image"],
        request.get("command"),
        environment(execution.task_id, request, config, variables),
        limits(config.get("resources", {}), settings),
        execution.created_at,
    )


def limits(resources: Mapping[str, Any], settings: RunnerSettings) -> Limits:
    """Return what the request asks for, never above the runner's settings."""
    return Limits(
        min(resources.get("memoryMb", settings.memory_mb), settings.memory_mb),
        min(resources.get("cpus", settings.cpus), settings.cpus),
        min(resources.get("pids", settings.pids), settings.pids),
    )
