"""The execution, its states, its attempts and its output. `runcast_core.model.wire` has how they are shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec
import orjson

from runcast_core.model.clock import now_ms

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
LIVE = CLAIMED | {Status.PENDING}
TERMINAL = frozenset(Status) - LIVE
_ORDER = {Status.PENDING: 0, Status.RUNNING: 1, Status.ANALYZING: 2} | dict.fromkeys(TERMINAL, 3)


class Phase(StrEnum):
    """What a running attempt that has printed nothing yet waits for. Not told where that takes no time."""

    PULLING = "pulling"
    """Its image."""
    STARTING = "starting"
    """Its container, or that it prints something."""


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


class OutputEnd(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """What proves that the output of an attempt is complete: it ends with the chunk `lastSeq`, and all its `lines`,
    each followed by a newline, are so many bytes of UTF-8 with this SHA-256 (hexadecimal)."""

    last_seq: int
    size: int = msgspec.field(name="bytes")
    sha256: str
    lines: int | None = None
    """How many there are; None where a runner of an earlier version did not say."""


class Attempt(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """How one attempt ended. `output` is None where its runner could not say any more. Stores keep it as JSON."""

    number: int = msgspec.field(name="attempt")
    status: Status
    ended_at: int
    started_at: int | None = None
    error: str | None = None
    exit_code: int | None = None
    output: OutputEnd | None = None


@dataclass(frozen=True, slots=True)
class ExecutionSummary:
    """An execution's state without what may be large, its request and its ended attempts: what lists, sweeps and leases
    need of many at once. Times are UTC milliseconds."""

    organization_id: str
    task_id: str
    image: str | None
    created_at: int
    updated_at: int
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
    command: str | None = None
    """How its command begins, as it may be shown; it was made of the request, which lists do not read."""
    max_attempts: int = 1
    """As often it is run at most, not counting what follows the loss of a runner, or being handed back."""
    requested_by_name: str | None = None
    """What `requested_by` was called then."""
    phase: Phase | None = None
    """Of this very state: the next one has its own, or none."""

    @property
    def fence(self) -> Fence:
        return Fence(self.runner_id or "", self.attempt, self.created_at)

    @property
    def attempt_key(self) -> AttemptKey:
        return AttemptKey(self.organization_id, self.task_id, self.attempt, self.created_at)

    def runs(self, attempt: AttemptKey) -> bool:
        """Tell whether that very attempt is claimed and has not ended."""
        return self.attempt_key == attempt and self.status in CLAIMED


@dataclass(frozen=True, slots=True)
class Execution(ExecutionSummary):
    """One requested run of an image, identified by `(organization_id, task_id)`."""

    request: Mapping[str, Any] = field(default_factory=dict)
    """The request as validated, in its JSON names; holds secrets, so it leaves the process only towards a runner."""
    fingerprint: str = ""
    """Equal for equal requests, where `request` itself cannot be compared as parts of it are encrypted."""
    attempts: tuple[Attempt, ...] = ()
    """Those that ended, oldest first."""


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
    first_line: int | None = None
    """The number of its first line, from 1 within the attempt; None where lines before it were not counted, as earlier
    versions did not."""

    @property
    def lines(self) -> int:
        """How many it has: one more than newlines."""
        return self.text.count("\n") + 1


def utf8_bytes(text: str) -> int:
    """Return how many bytes of UTF-8 a text has, in no time where it is ASCII."""
    return len(text) if text.isascii() else len(text.encode())


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
