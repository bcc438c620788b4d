"""From a stored request to the job that an executor runs."""

from collections.abc import Mapping
from typing import Any

import orjson

from runcast_core.executions import Execution
from runcast_runner.executor import Job, Limits
from runcast_runner.settings import RunnerSettings


def job_of(execution: Execution, settings: RunnerSettings) -> Job:
    request = execution.request
    config: Mapping[str, Any] = request.get("config", {})
    return Job(
        execution.organization_id,
        execution.task_id,
        execution.attempt,
        request["image"],
        request.get("command"),
        environment(execution.task_id, request, config),
        limits(config.get("resources", {}), settings),
    )


def environment(task_id: str, request: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, str]:
    """Return the container's variables; the user's own win over those that the request implies."""
    target = config.get("environment")
    implied = {
        "RUNCAST_TASK_ID": task_id,
        "FOLDER": request.get("folder"),
        "TESTS": " ".join(request["tests"]) if request.get("tests") else None,
        "BASE_URL": config.get("baseUrl"),
        "ENVIRONMENT": target if isinstance(target, str) else None,
    }
    own = {**(target if isinstance(target, dict) else {}), **config.get("envVars", {}), **config.get("secrets", {})}
    return {name: _text(value) for name, value in {**implied, **own}.items() if value is not None}


def limits(resources: Mapping[str, Any], settings: RunnerSettings) -> Limits:
    """Return what the request asks for, never above the runner's settings."""
    return Limits(
        min(resources.get("memoryMb", settings.memory_mb), settings.memory_mb),
        min(resources.get("cpus", settings.cpus), settings.cpus),
        min(resources.get("pids", settings.pids), settings.pids),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
