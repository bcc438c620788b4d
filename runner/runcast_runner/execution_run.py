"""One execution from its claim to its end: RUNNING announced, output stored, then the terminal status announced."""

from dataclasses import dataclass

import anyio
import structlog
from runcast_core.announcer import announce
from runcast_core.bus import Bus
from runcast_core.errors import ExecutorError, LeaseLost, StoreUnavailable
from runcast_core.executions import Execution, Status
from runcast_core.store import Store

from runcast_runner.environment import job_of
from runcast_runner.executor import Executor
from runcast_runner.lease import Lease, Stop
from runcast_runner.log_writer import LogWriter, Output
from runcast_runner.settings import RunnerSettings

log = structlog.get_logger()

RETRY_S = 0.5


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended; None as `status` where that is no longer this runner's to say."""

    status: Status | None
    error: str | None = None
    exit_code: int | None = None


class ExecutionRun:
    """Runs one claimed execution. Its cancel scope is the single source of truth about stopping."""

    def __init__(
        self,
        execution: Execution,
        claimed_at: float,
        *,
        settings: RunnerSettings,
        store: Store,
        bus: Bus,
        executor: Executor,
        logs: LogWriter,
    ) -> None:
        self.execution = execution
        self.lease = Lease(store, execution, settings.lease_ms, claimed_at)
        self._settings = settings
        self._store = store
        self._bus = bus
        self._executor = executor
        self._logs = logs
        self._stop: Stop | None = None
        self._executing = anyio.CancelScope()

    async def run(self) -> None:
        """Return when the execution has ended or is lost."""
        await announce(self._store, self._bus, self.execution)
        outcome = Outcome(None)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep_lease, tasks.cancel_scope)
            outcome = await self._execute()
            await self._logs.drained(self.execution)
            await self._finish(outcome)
            tasks.cancel_scope.cancel()
        if self._stop is Stop.LOST:
            self._logs.discard(self.execution)
            log.warning("Execution lost, its container was stopped", task=self.execution.task_id)

    async def _keep_lease(self, whole: anyio.CancelScope) -> None:
        while True:
            self._stop = await self.lease.keep()
            if self._stop is Stop.LOST:
                whole.cancel()
                return
            self._executing.cancel()
            await anyio.sleep(self._settings.lease_ms / 3000)

    async def _execute(self) -> Outcome:
        """Run the container; whatever the reason of its end, its output so far is queued when this returns."""
        output = Output(self.execution, self._logs.put)
        outcome = Outcome(Status.CANCELLED)
        with self._executing:
            outcome = await self._run_in_time(output)
        await output.finish()
        return outcome

    async def _run_in_time(self, output: Output) -> Outcome:
        seconds = self._timeout_s()
        try:
            with anyio.fail_after(seconds):
                code = await self._executor.run(job_of(self.execution, self._settings), output.write)
        except TimeoutError:
            return Outcome(Status.TIMED_OUT, f"timed out after {seconds:g} s")
        except ExecutorError as error:
            return Outcome(Status.ERROR, error.message)
        return Outcome(Status.PASSED if code == 0 else Status.FAILED, exit_code=code)

    def _timeout_s(self) -> float:
        asked = self.execution.request.get("config", {}).get("timeoutSeconds")
        return min(asked or self._settings.max_timeout_s, self._settings.max_timeout_s)

    async def _finish(self, outcome: Outcome) -> None:
        assert outcome.status is not None  # noqa: S101 - decided by `_execute`
        key = self.execution.organization_id, self.execution.task_id, self.execution.fence
        while True:
            try:
                ended = await self._store.transition(
                    *key, outcome.status, error=outcome.error, exit_code=outcome.exit_code
                )
            except StoreUnavailable:
                await anyio.sleep(RETRY_S)
            except LeaseLost:
                self._stop = Stop.LOST
                return
            else:
                await announce(self._store, self._bus, ended)
                return
