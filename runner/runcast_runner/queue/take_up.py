"""What a runner does first: it goes on with the jobs that an earlier runner of its name left, or hands them back."""

from collections.abc import Callable
from contextlib import suppress

import anyio
import structlog

from runcast_core.bus.bus import Bus
from runcast_core.model.errors import LeaseLost, StoreUnavailable
from runcast_core.model.executions import AttemptKey, Execution, ExecutionSummary
from runcast_core.store.store import Store
from runcast_runner.attempt.execution_run import Resumed, release
from runcast_runner.executors.executor import Executor, FoundJob
from runcast_runner.output.stored_output import stored_output

log = structlog.get_logger()


class TakeUp:
    """`begin` is given what goes on. What the earlier runner stored last it may not have published: dashboards are told
    to read it."""

    def __init__(
        self,
        store: Store,
        bus: Bus,
        executor: Executor,
        *,
        runner_id: str,
        lease_ms: int,
        begin: Callable[[Execution, Resumed], None],
    ) -> None:
        self._store = store
        self._bus = bus
        self._executor = executor
        self._runner_id = runner_id
        self._lease_ms = lease_ms
        self._begin = begin
        self._begun: set[AttemptKey] = set()

    async def run(self) -> None:
        """Raises `StoreUnavailable`, and is then to be called again, and `ExecutorError`."""
        left = {job.key: job for job in await self._executor.found() if job.runner_id == self._runner_id}
        for held in await self._store.held_by(self._runner_id):
            if (key := held.attempt_key) not in self._begun:
                execution = await self._store.execution(held.organization_id, held.task_id)
                if execution is not None and execution.attempt_key == key:  # else what is left of it is an orphan now
                    await self._take_up(execution, left.get(key))

    async def keep(self) -> None:
        """Renew, for ever, the leases of all that an earlier runner held, as going through it can take long."""
        while True:
            with suppress(StoreUnavailable):
                for execution in await self._store.held_by(self._runner_id):
                    with suppress(LeaseLost):
                        await self._renew(execution)
            await anyio.sleep(self._lease_ms / 3000)

    async def _take_up(self, execution: Execution, found: FoundJob | None) -> None:
        if found is not None and found.resumable:
            try:
                resumed = await self._resumed(execution, found)
            except LeaseLost:
                return  # what is left of it is an orphan now
            if resumed is not None:
                log.info("Execution goes on", task=execution.task_id, attempt=execution.attempt)
                self._begun.add(found.key)
                self._bus.owe_resync(execution.organization_id, execution.task_id)
                self._begin(execution, resumed)
                return
        if found is not None:
            await self._executor.remove(found)
        await release(self._store, self._bus, execution)

    async def _resumed(self, execution: Execution, found: FoundJob) -> Resumed | None:
        leased_at = anyio.current_time()
        cancelled = await self._renew(execution)
        stored = await stored_output(self._store, execution)
        return None if stored is None else Resumed(leased_at, found, stored, cancelled)

    async def _renew(self, execution: ExecutionSummary) -> bool:
        owner = execution.organization_id, execution.task_id, execution.fence
        return await self._store.renew(*owner, lease_ms=self._lease_ms)
