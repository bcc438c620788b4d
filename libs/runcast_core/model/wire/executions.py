"""Executions and their attempts as events and answers show them: never a request's secret or environment value."""

from collections.abc import Mapping
from typing import Any, Self

import msgspec

from runcast_core.model.clock import iso
from runcast_core.model.executions import Attempt, ExecutionSummary, OutputEnd, Phase, Source, Status
from runcast_core.model.wire.shape import Shape


class RequestedBy(Shape, frozen=True):
    """Who requested an execution: a user, or `key:<id>`; `name` is what they were called then, where that was known."""

    user_id: str
    name: str | None = None


class ExecutionState(Shape, frozen=True):
    """An execution's state, as `execution-updated` carries it too. Fields without a value are left out. `command` is
    how its command begins, with values of `environment`, `envVars` and `secrets` as `***`. What a worker reported was
    requested by nobody. `attempt` may pass `maxAttempts` after the loss of a runner, or being handed back. `phase`
    tells, while it is `RUNNING`, what its first output waits for."""

    task_id: str
    organization_id: str
    status: Status
    rev: int
    attempt: int
    source: Source
    created_at: str
    updated_at: str
    pool: str
    priority: int
    max_attempts: int
    image: str | None = None
    command: str | None = None
    requested_by: RequestedBy | None = None
    started_at: str | None = None
    ended_at: str | None = None
    exit_code: int | None = None
    error: str | None = None
    phase: Phase | None = None

    @classmethod
    def of(cls, execution: ExecutionSummary, **more: Any) -> Self:
        """Return how the execution is shown; `more` are the fields that a shape of this kind adds."""
        return cls(
            task_id=execution.task_id,
            organization_id=execution.organization_id,
            status=execution.status,
            rev=execution.rev,
            attempt=execution.attempt,
            source=execution.source,
            created_at=iso(execution.created_at),
            updated_at=iso(execution.updated_at),
            pool=execution.pool,
            priority=execution.priority,
            max_attempts=execution.max_attempts,
            image=execution.image,
            command=execution.command,
            requested_by=_requested_by(execution),
            started_at=iso(execution.started_at),
            ended_at=iso(execution.ended_at),
            exit_code=execution.exit_code,
            error=execution.error,
            phase=execution.phase if execution.status is Status.RUNNING else None,
            **more,
        )


def _requested_by(execution: ExecutionSummary) -> RequestedBy | None:
    if execution.requested_by is None:
        return None
    return RequestedBy(user_id=execution.requested_by, name=execution.requested_by_name)


class AttemptState(Shape, frozen=True):
    """How an attempt ended. One that was handed back has none, nor has what a worker's report ended."""

    attempt: int
    status: Status
    ended_at: str
    started_at: str | None = None
    error: str | None = None
    exit_code: int | None = None
    output: OutputEnd | None = None

    @classmethod
    def of(cls, attempt: Attempt) -> Self:
        return cls(
            attempt=attempt.number,
            status=attempt.status,
            ended_at=iso(attempt.ended_at),
            started_at=iso(attempt.started_at),
            error=attempt.error,
            exit_code=attempt.exit_code,
            output=attempt.output,
        )


class ExecutionRow(ExecutionState, frozen=True, kw_only=True):
    """An execution's state and, while it waits, `queuePosition`, which counts from 1 within the organization and the
    pool; it is left out beyond 10,000."""

    queue_position: int | None = None


class ExecutionDetail(ExecutionRow, frozen=True, kw_only=True):
    """An execution and its request; values of `environment`, `envVars` and `secrets` read `***`. `attempts` are those
    that ended, oldest first."""

    attempts: tuple[AttemptState, ...]
    request: dict[str, Any]


class CancelState(ExecutionState, frozen=True, kw_only=True):
    """`CANCELLED` if it was still queued; else its runner ends it within moments."""

    cancel_requested: bool


class LiveCounts(Shape, frozen=True):
    """How many executions of the organization are in each of these states."""

    pending: int = msgspec.field(name="PENDING")
    running: int = msgspec.field(name="RUNNING")
    analyzing: int = msgspec.field(name="ANALYZING")

    @classmethod
    def of(cls, counts: Mapping[Status, int]) -> Self:
        """Return the counts; a state that is not among them has none."""
        pending, running, analyzing = (
            counts.get(status, 0) for status in (Status.PENDING, Status.RUNNING, Status.ANALYZING)
        )
        return cls(pending, running, analyzing)


class ExecutionPage(Shape, frozen=True):
    """A page, newest first. `nextCursor` is null on the last one; one before may be short, or empty. `live` counts all
    executions of the organization, whatever the page shows."""

    executions: tuple[ExecutionRow, ...]
    next_cursor: str | None
    live: LiveCounts
