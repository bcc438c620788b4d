"""What follows from the attempts of an execution that ended: whether there is one more, and what all of them say."""

from typing import Any

from runcast_core.model.clock import now_ms
from runcast_core.model.errors import Conflict
from runcast_core.model.executions import CLAIMED, Attempt, Execution, OutputEnd, Status

RUNNER_LOST = "runner lost"
"""The error of an attempt whose runner let the lease run out."""
MAX_LOSSES = 3
"""How often an execution whose request allows it is tried again after its runner was lost."""

_RETRIED = frozenset({Status.FAILED, Status.TIMED_OUT})


def ended_attempt(
    running: Execution,
    status: Status,
    error: str | None = None,
    exit_code: int | None = None,
    output: OutputEnd | None = None,
) -> Attempt:
    """Return the record of the attempt that runs, as one that ends now."""
    code = exit_code if exit_code is not None else running.exit_code
    return Attempt(running.attempt, status, now_ms(), running.started_at, error or running.error, code, output)


def check_forward(running: Execution, status: Status) -> None:
    """Raise `Conflict` (`NOT_FORWARD`) if a runner may not move the execution there."""
    if not running.status.may_become(status):
        raise Conflict(f"an execution does not go from {running.status} back to {status}", code="NOT_FORWARD")


def claimed_before(status: Status) -> list[Status]:
    """Return the statuses from which a runner may move an execution to `status`."""
    return sorted(known for known in CLAIMED if known.may_become(status))


def retried_when_lost(execution: Execution) -> bool:
    """Tell whether the request allows another attempt after the loss of its runner (`config.retryOnLoss`)."""
    losses = sum(attempt.error == RUNNER_LOST for attempt in execution.attempts)
    return _config(execution, "retryOnLoss") is True and losses < MAX_LOSSES


def retried_after(execution: Execution, status: Status) -> bool:
    """Tell whether the request allows another attempt after one that ended so (`config.retryAttempts`)."""
    return status in _RETRIED and len(_failures(execution)) < (_config(execution, "retryAttempts") or 0)


def verdict(execution: Execution, status: Status) -> Status:
    """Return the execution's status when its last attempt ended so: passed after a failure is `UNSTABLE`. An attempt
    whose runner was lost is no failure of what it ran."""
    return Status.UNSTABLE if status is Status.PASSED and _failures(execution) else status


def _failures(execution: Execution) -> list[Attempt]:
    return [attempt for attempt in execution.attempts if attempt.status in _RETRIED]


def _config(execution: Execution, name: str) -> Any:
    return execution.request.get("config", {}).get(name)
