"""What runs a container. Implementations: `docker_executor.py`, `process_executor.py`, `dummy_executor.py`."""

from collections.abc import Awaitable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from runcast_core.model.executions import AttemptKey, Phase


class Write(Protocol):
    """Takes output cut anywhere. A line is made of one stream's bytes, whatever another stream writes meanwhile."""

    def __call__(self, data: bytes, stream: int = 0, /) -> Awaitable[None]: ...


class Tell(Protocol):
    """Takes what a job that is not running yet waits for. Never fails."""

    def __call__(self, phase: Phase, /) -> Awaitable[None]: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What a container may use at most."""

    memory_mb: int
    cpus: float
    pids: int


@dataclass(frozen=True, slots=True)
class Job:
    """One attempt of an execution, as an executor needs it. `environment` holds secrets."""

    organization_id: str
    task_id: str
    attempt: int
    image: str
    command: str | list[str] | None
    environment: Mapping[str, str]
    limits: Limits
    created_at: int = 0

    @property
    def key(self) -> AttemptKey:
        return AttemptKey(self.organization_id, self.task_id, self.attempt, self.created_at)


@dataclass(frozen=True, slots=True)
class FoundJob:
    """What is there of a job, whichever runner of this installation began it."""

    key: AttemptKey
    runner_id: str
    resumable: bool
    """Whether it can be gone on with: it runs, or has ended by itself."""
    handle: Any
    """The executor's own."""


class Running(Protocol):
    """A job that has started, and may have ended."""

    @property
    def ran_s(self) -> float:
        """How long it had run when it was taken up; 0 for one that was just begun."""
        ...

    async def follow(self, write: Write) -> int:
        """Return the exit code at its end; `write` gets its output, in order, as it comes: of one that was found, from
        the beginning. When cancelled, it is asked to end, then made to, and what it says until then is passed on too.

        Raises `ExecutorError` if its end is unknown.
        """
        ...


class Executor(Protocol):
    """Runs jobs; safe to call from many tasks at once."""

    name: str

    async def prepare(self, job: Job, tell: Tell) -> None:
        """Have at hand what the job needs, such as its image: what that takes is none of the job's own time. Tells it
        where it may be long. Raises `ExecutorError` if it cannot run."""
        ...

    def running(self, job: Job, found: FoundJob | None = None) -> AbstractAsyncContextManager[Running]:
        """Start the job, or take up what was found of it; at the context's end nothing of it is left.

        Until then it can be found, and what it printed and returned is known, also by a runner that is started anew.
        Raises `ExecutorError` if it cannot run.
        """
        ...

    async def found(self) -> list[FoundJob]:
        """Return all jobs that are there, running or ended. Raises `ExecutorError`."""
        ...

    async def remove(self, found: FoundJob) -> None:
        """Have nothing left of it. Raises `ExecutorError`."""
        ...
