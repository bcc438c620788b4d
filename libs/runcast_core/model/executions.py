"""The execution, its states, its output, and the one place where they become JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from runcast_core.model.clock import iso, now_ms

DEFAULT_POOL = "default"


class Status(StrEnum):
    """Where an execution is; see the diagram in docs/architecture.md."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    ANALYZING = "ANALYZING"
    PASSED = "PASSED"
    FAILED = "FAILED"
    UNSTABLE = "UNSTABLE"
    ERROR = "ERROR"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"

    @property
    def terminal(self) -> bool:
        return self in TERMINAL

    def may_become(self, status: "Status") -> bool:
        """Tell whether a report may move an execution there: never out of a terminal state, never backwards."""
        return not self.terminal and _ORDER[status] >= _ORDER[self]


CLAIMED = frozenset({Status.RUNNING, Status.ANALYZING})
TERMINAL = frozenset(Status) - CLAIMED - {Status.PENDING}
_ORDER = {Status.PENDING: 0, Status.RUNNING: 1, Status.ANALYZING: 2} | dict.fromkeys(TERMINAL, 3)


class Source(StrEnum):
    """Who runs it: a Runcast runner, or a worker of the replaced system that reports through the callbacks."""

    API = "api"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class Fence:
    """What every write of a runner names. It matches nothing once another attempt began or the execution ended."""

    runner_id: str
    attempt: int
    created_at: int
    """Of the execution: one that was deleted, and requested anew with its task id, is another."""


class AttemptKey(NamedTuple):
    """Which attempt of which execution."""

    organization_id: str
    task_id: str
    attempt: int
    created_at: int
    """Of the execution, as in `Fence`."""


@dataclass(frozen=True, slots=True)
class OutputEnd:
    """What proves that the output of an attempt is complete: it ends with the chunk `last_seq`, and all its lines, each
    followed by a newline, are so many bytes of UTF-8 with this SHA-256 (hexadecimal)."""

    last_seq: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended. `output` is None where its runner could not say any more."""

    number: int
    status: Status
    started_at: int | None
    ended_at: int
    error: str | None = None
    exit_code: int | None = None
    output: OutputEnd | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """One requested run of an image, identified by `(organization_id, task_id)`. Times are UTC milliseconds."""

    organization_id: str
    task_id: str
    image: str | None
    created_at: int
    updated_at: int
    request: Mapping[str, Any] = field(default_factory=dict)
    """The request as validated, in its JSON names; holds secrets, so it leaves the process only towards a runner."""
    status: Status = Status.PENDING
    rev: int = 1
    """Raised by every change of state; the higher one is the newer."""
    attempt: int = 0
    """How often it was claimed. Output of attempt 0 came through the callbacks."""
    source: Source = Source.API
    requested_by: str | None = None
    runner_id: str | None = None
    cancel_requested: bool = False
    error: str | None = None
    exit_code: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    priority: int = 0
    """Of an organization's queued executions, those with a higher one are claimed first."""
    pool: str = DEFAULT_POOL
    """The runners that may claim it: those that serve this pool."""
    fingerprint: str = ""
    """Equal for equal requests, where `request` itself cannot be compared as parts of it are encrypted."""
    attempts: tuple[Attempt, ...] = ()
    """Those that ended, oldest first."""

    @property
    def fence(self) -> Fence:
        return Fence(self.runner_id or "", self.attempt, self.created_at)

    @property
    def attempt_key(self) -> AttemptKey:
        return AttemptKey(self.organization_id, self.task_id, self.attempt, self.created_at)


@dataclass(frozen=True, slots=True)
class LogChunk:
    """Whole lines of output, joined by newlines without a last one; `(task_id, attempt, seq)` identifies it."""

    organization_id: str
    task_id: str
    attempt: int
    seq: int
    """Counts from 1 within the attempt, without gaps."""
    text: str
    ts: int
    stderr: tuple[tuple[int, int], ...] = ()
    """Which of its lines came from standard error: runs of (first line, number of lines), counted from 0."""


def summary(execution: Execution) -> dict[str, Any]:
    """Return what events and lists show: never the request's config, so never a secret or an environment value."""
    shown = {
        "taskId": execution.task_id,
        "organizationId": execution.organization_id,
        "status": execution.status.value,
        "rev": execution.rev,
        "attempt": execution.attempt,
        "image": execution.image,
        "source": execution.source.value,
        "createdAt": iso(execution.created_at),
        "updatedAt": iso(execution.updated_at),
        "startedAt": iso(execution.started_at),
        "endedAt": iso(execution.ended_at),
        "exitCode": execution.exit_code,
        "error": execution.error,
    }
    return {name: value for name, value in shown.items() if value is not None}


def attempt_summary(attempt: Attempt) -> dict[str, Any]:
    """Return how an ended attempt is shown, as a part of its execution."""
    times = {"startedAt": iso(attempt.started_at), "endedAt": iso(attempt.ended_at)}
    return attempt_json(attempt) | {name: time for name, time in times.items() if time is not None}


def chunk_json(chunk: LogChunk) -> dict[str, Any]:
    """Return the payload of `execution-log`, which is also an entry of a page of logs."""
    shown = {"taskId": chunk.task_id, "log": chunk.text, "seq": chunk.seq, "attempt": chunk.attempt, "ts": chunk.ts}
    return shown | ({"stderr": chunk.stderr} if chunk.stderr else {})


def attempt_json(attempt: Attempt) -> dict[str, Any]:
    """Return how an ended attempt is stored, times in milliseconds; `attempt_summary` is how it is shown."""
    output = attempt.output
    stored = {
        "attempt": attempt.number,
        "status": attempt.status.value,
        "startedAt": attempt.started_at,
        "endedAt": attempt.ended_at,
        "error": attempt.error,
        "exitCode": attempt.exit_code,
        "output": output and {"lastSeq": output.last_seq, "bytes": output.size, "sha256": output.sha256},
    }
    return {name: value for name, value in stored.items() if value is not None}


def attempt_of(stored: Mapping[str, Any]) -> Attempt:
    """Return the attempt that `attempt_json` gave."""
    output = stored.get("output")
    return Attempt(
        stored["attempt"],
        Status(stored["status"]),
        stored.get("startedAt"),
        stored["endedAt"],
        stored.get("error"),
        stored.get("exitCode"),
        output and OutputEnd(output["lastSeq"], output["bytes"], output["sha256"]),
    )


def same_request(one: Execution, other: Execution) -> bool:
    """By fingerprints (keyed hashes between spaces; one in common is enough) where both have some, else by text."""
    if one.fingerprint and other.fingerprint:
        return not set(one.fingerprint.split()).isdisjoint(other.fingerprint.split())
    return canonical(one.request) == canonical(other.request)


def canonical(request: Mapping[str, Any]) -> str:
    """Return the request as JSON with sorted names, so that equal requests are equal texts."""
    return orjson.dumps(dict(request), option=orjson.OPT_SORT_KEYS).decode()


def external_execution(
    organization_id: str, task_id: str, status: Status, image: str | None, error: str | None, exit_code: int | None
) -> Execution:
    """Return the record of an execution that a worker of the replaced system reported first."""
    now = now_ms()
    return Execution(
        organization_id,
        task_id,
        image,
        now,
        now,
        status=status,
        source=Source.EXTERNAL,
        error=error,
        exit_code=exit_code,
        started_at=now if status is not Status.PENDING else None,
        ended_at=now if status.terminal else None,
    )
