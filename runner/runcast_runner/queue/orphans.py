"""Removes jobs that nobody runs any more: containers with our labels, but without a live execution."""

from collections.abc import Callable, Collection

import anyio
import structlog

from runcast_core.model.errors import RuncastError
from runcast_core.model.executions import CLAIMED, AttemptKey, Fence
from runcast_core.store.store import Store
from runcast_runner.executors.executor import Executor, FoundJob
from runcast_runner.metrics import RunnerMetrics

log = structlog.get_logger()

INTERVAL_S = 60


class Orphans:
    """Of this runner's jobs those are live that it runs, of another's those that the store says it holds: also while
    it is away, as it may come back to them until its lease is ended by somebody."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        runner_id: str,
        own: Callable[[], Collection[AttemptKey]],
        metrics: RunnerMetrics,
    ) -> None:
        self._store = store
        self._executor = executor
        self._runner_id = runner_id
        self._own = own
        self._metrics = metrics

    async def sweep(self) -> None:
        """Remove orphans at once, then each `INTERVAL_S`, for ever."""
        while True:
            try:
                await self.remove()
            except RuncastError as error:
                log.warning("Removing orphaned jobs failed", reason=error.message)
            await anyio.sleep(INTERVAL_S)

    async def remove(self) -> None:
        """Remove the orphans of now. Raises `ExecutorError`, `StoreUnavailable`."""
        orphans = [job for job in await self._executor.found() if not await self._lives(job)]
        for job in orphans:
            log.warning("Removing an orphaned job", task=job.key.task_id, attempt=job.key.attempt, runner=job.runner_id)
            self._metrics.orphans.inc()
        await _remove(self._executor, orphans)

    async def _lives(self, job: FoundJob) -> bool:
        """Asked only after the job was found: what this runner began meanwhile it knew before."""
        if job.runner_id == self._runner_id:
            return job.key in self._own()
        execution = await self._store.summary(job.key.organization_id, job.key.task_id)
        fence = Fence(job.runner_id, job.key.attempt, job.key.created_at)
        return execution is not None and execution.status in CLAIMED and execution.fence == fence


async def remove_jobs_of(executor: Executor, runner_id: str) -> None:
    """Remove whatever a runner left, once it runs no more. Raises `ExecutorError`."""
    await _remove(executor, [job for job in await executor.found() if job.runner_id == runner_id])


async def _remove(executor: Executor, jobs: list[FoundJob]) -> None:
    """Remove them all at once, as each may take its grace."""
    async with anyio.create_task_group() as tasks:
        for job in jobs:
            tasks.start_soon(executor.remove, job)
