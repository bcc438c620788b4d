"""Executions and their attempts as events and answers show them: never a request's secret or environment value."""

from typing import Any, Self

from runcast_core.model.clock import iso
from runcast_core.model.executions import Attempt, ExecutionSummary, OutputEnd, Phase, Source, Status
from runcast_core.model.wire.shape import Shape


class ExecutionState(Shape, frozen=True):
    """An execution's state, as `execution-updated` carries it too. Fields without a value are left out. `phase` tells,
    while it is `RUNNING`, what its first output waits for."""

    task_id: str
    organization_id: str
    status: Status
    rev: int
    attempt: int
    source: Source
    created_at: str
    updated_at: str
    image: str | None = None
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
            image=execution.image,
            started_at=iso(execution.started_at),
            ended_at=iso(execution.ended_at),
            exit_code=execution.exit_code,
            error=execution.error,
            phase=execution.phase if execution.status is Status.RUNNING else None,
            **more,
        )


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


class ExecutionDetail(ExecutionState, frozen=True, kw_only=True):
    """An execution and its request; values of `environment`, `envVars` and `secrets` read `***`. `attempts` are those
    that ended, oldest first. While it waits, `queuePosition` counts from 1 within the organization and the pool."""

    priority: int
    pool: str
    attempts: tuple[AttemptState, ...]
    request: dict[str, Any]
    queue_position: int | None = None


class CancelState(ExecutionState, frozen=True, kw_only=True):
    """`CANCELLED` if it was still queued; else its runner ends it within moments."""

    cancel_requested: bool


class ExecutionPage(Shape, frozen=True):
    """A page, newest first. `nextCursor` is null on the last one."""

    executions: tuple[ExecutionState, ...]
    next_cursor: str | None
