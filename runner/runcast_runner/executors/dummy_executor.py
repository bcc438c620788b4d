"""An executor without containers, for tests: what it does is switched on by the job's variables.

`DUMMY_OUTPUT` text, `DUMMY_LINES` how often, `DUMMY_DELAY` seconds between, `DUMMY_EXIT` code, `DUMMY_HANG` waits for
ever, `DUMMY_CRASH` raises an error of that text.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import anyio

from runcast_core.model.errors import ExecutorError
from runcast_runner.executors.executor import FoundJob, Job, Running, Tell, Write


class DummyExecutor:
    """See `runcast_runner.executors.executor.Executor`. `jobs` holds the task ids that run now."""

    name = "dummy"

    def __init__(self) -> None:
        self.jobs: set[str] = set()

    async def prepare(self, job: Job, tell: Tell) -> None:
        """Nothing is needed."""

    @asynccontextmanager
    async def running(self, job: Job, found: FoundJob | None = None) -> AsyncIterator[Running]:
        yield _Dummy(self, job)

    async def found(self) -> list[FoundJob]:
        return []

    async def remove(self, found: FoundJob) -> None:
        """Nothing of it outlives its process."""

    async def behave(self, job: Job, write: Write) -> int:
        behaviour = job.environment
        for number in range(int(behaviour.get("DUMMY_LINES", "1"))):
            await write(f"{behaviour.get('DUMMY_OUTPUT', 'dummy')} {number}\n".encode())
            await anyio.sleep(float(behaviour.get("DUMMY_DELAY", "0")))
        if "DUMMY_CRASH" in behaviour:
            raise ExecutorError(behaviour["DUMMY_CRASH"])
        if "DUMMY_HANG" in behaviour:
            await anyio.sleep_forever()
        return int(behaviour.get("DUMMY_EXIT", "0"))


@dataclass(frozen=True)
class _Dummy:
    executor: DummyExecutor
    job: Job
    ran_s: float = 0.0

    async def follow(self, write: Write) -> int:
        self.executor.jobs.add(self.job.task_id)
        try:
            return await self.executor.behave(self.job, write)
        finally:
            self.executor.jobs.discard(self.job.task_id)
