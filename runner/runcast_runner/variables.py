"""The variables of a stored request: what the container is given, and which values of it are secret."""

from collections.abc import Mapping
from typing import Any

from runcast_core.access.sealing import is_secret
from runcast_core.access.values import as_text


def environment(
    task_id: str, request: Mapping[str, Any], config: Mapping[str, Any], given: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the container's variables; the user's own win over those that the request implies, and that are given."""
    target = config.get("environment")
    implied = {
        **(given or {}),
        "RUNCAST_TASK_ID": task_id,
        "FOLDER": request.get("folder"),
        "TESTS": " ".join(request["tests"]) if request.get("tests") else None,
        "BASE_URL": config.get("baseUrl"),
        "ENVIRONMENT": target if isinstance(target, str) else None,
    }
    own = {**(target if isinstance(target, dict) else {}), **config.get("envVars", {}), **config.get("secrets", {})}
    return {name: as_text(value) for name, value in {**implied, **own}.items() if value is not None}


def secret_values(request: Mapping[str, Any]) -> list[str]:
    """Return, as the container gets them, the values of `secrets` and those that `environment` and `envVars` flag."""
    config: Mapping[str, Any] = request.get("config") or {}
    target = config.get("environment")
    given = [*(target.values() if isinstance(target, dict) else ()), *(config.get("envVars") or {}).values()]
    values = [value for value in given if is_secret(value)]
    values += (config.get("secrets") or {}).values()
    return [as_text(value) for value in values if value is not None]
