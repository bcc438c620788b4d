"""What runs a container. Implementations: `docker_executor.py`, `process_executor.py`, `dummy_executor.py`."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Protocol


class Write(Protocol):
    """Takes output cut anywhere. A line is made of one stream's bytes, whatever another stream writes meanwhile."""

    def __call__(self, data: bytes, stream: int = 0, /) -> Awaitable[None]: ...


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


class Executor(Protocol):
    """Runs jobs; safe to call from many tasks at once."""

    name: str

    async def prepare(self, job: Job) -> None:
        """Have at hand what the job needs, such as its image: what that takes is none of the job's own time. Raises
        `ExecutorError` if it cannot run."""
        ...

    async def run(self, job: Job, write: Write) -> int:
        """Run to the end and return the exit code; `write` gets the output, in order, as it comes.

        Nothing of the job is left when this returns, raises or is cancelled. Raises `ExecutorError` if it cannot run.
        """
        ...

    async def remove_orphans(self) -> None:
        """Remove what a killed runner of this installation's name left behind. Called once, before any job."""
        ...
