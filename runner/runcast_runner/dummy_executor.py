"""An executor without containers, for tests: what it does is switched on by the job's variables.

`DUMMY_OUTPUT` text, `DUMMY_LINES` how often, `DUMMY_DELAY` seconds between, `DUMMY_EXIT` code, `DUMMY_HANG` waits for
ever, `DUMMY_CRASH` raises an error of that text.
"""

import anyio

from runcast_core.errors import ExecutorError
from runcast_runner.executor import Job, Write


class DummyExecutor:
    """See `runcast_runner.executor.Executor`. `running` holds the task ids that run now."""

    name = "dummy"

    def __init__(self) -> None:
        self.running: set[str] = set()

    async def prepare(self, job: Job) -> None:
        """Nothing is needed."""

    async def run(self, job: Job, write: Write) -> int:
        self.running.add(job.task_id)
        try:
            return await self._behave(job, write)
        finally:
            self.running.discard(job.task_id)

    async def remove_orphans(self) -> None:
        """Nothing of it outlives its process."""

    async def _behave(self, job: Job, write: Write) -> int:
        behaviour = job.environment
        for number in range(int(behaviour.get("DUMMY_LINES", "1"))):
            await write(f"{behaviour.get('DUMMY_OUTPUT', 'dummy')} {number}\n".encode())
            await anyio.sleep(float(behaviour.get("DUMMY_DELAY", "0")))
        if "DUMMY_CRASH" in behaviour:
            raise ExecutorError(behaviour["DUMMY_CRASH"])
        if "DUMMY_HANG" in behaviour:
            await anyio.sleep_forever()
        return int(behaviour.get("DUMMY_EXIT", "0"))
