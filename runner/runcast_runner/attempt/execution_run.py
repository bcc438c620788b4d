"""One execution from its claim to its end: RUNNING announced, output stored, then the terminal status announced."""

import math
import traceback
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, replace
from typing import Any

import anyio
import structlog

from runcast_core.access.job_tokens import JobTokens
from runcast_core.access.sealing import Sealer, opened
from runcast_core.bus.bus import Bus
from runcast_core.model.attempts import retried_after, verdict
from runcast_core.model.errors import ExecutorError, LeaseLost, SecretsUnreadable, StoreUnavailable
from runcast_core.model.executions import Execution, Status
from runcast_core.store.announcer import announce, announce_and_wake
from runcast_core.store.store import Store
from runcast_runner.attempt.job import job_of
from runcast_runner.attempt.lease import Lease, Stop
from runcast_runner.attempt.phases import Phases
from runcast_runner.attempt.self_report import self_report
from runcast_runner.attempt.time_limit import longest_s
from runcast_runner.executors.executor import Executor, FoundJob, Running
from runcast_runner.output.lines import masked
from runcast_runner.output.log_writer import LogWriter
from runcast_runner.output.stored_output import StoredOutput
from runcast_runner.settings import RunnerSettings

log = structlog.get_logger()

RETRY_S = 0.5
MAX_ERROR_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an execution ended."""

    status: Status
    error: str | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True)
class Resumed:
    """What an earlier runner of this name left of an attempt: its job, its output, and that it is to be cancelled. The
    lease was renewed at `leased_at` of this process's clock."""

    leased_at: float
    found: FoundJob
    output: StoredOutput
    cancelled: bool


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
        sealer: Sealer | None,
        job_tokens: JobTokens | None = None,
        resumed: Resumed | None = None,
    ) -> None:
        self.execution = execution
        self.handed_back = False
        self._found = resumed.found if resumed else None
        self.lease = Lease(store, execution, settings.lease_ms, claimed_at)
        self._plain, self._unreadable = _opened(execution, sealer)
        self._report = self_report(execution, settings, job_tokens)
        stored = resumed.output if resumed else None
        self.output = logs.open(self._plain, lambda: self.lease.good, stored, secrets=self._report.secrets)
        self._phases = Phases(store, bus, execution)
        self._settings = settings
        self._store = store
        self._bus = bus
        self._executor = executor
        self._logs = logs
        self._executing = anyio.CancelScope()
        self._in_time = anyio.CancelScope()
        self._begun_at = math.inf
        self._longest_s = settings.max_timeout_s
        if resumed and resumed.cancelled:
            self._executing.cancel()

    async def run(self) -> Status | None:
        """Return the terminal status when the execution has ended, `PENDING` if there is to be another attempt; None if
        it is no longer this runner's to say. Its container is there until its end is stored."""
        async with AsyncExitStack() as container:
            ended = await self._run_leased(container)
            if ended is not None:
                await self._tell(ended)
        if ended is None:
            log.warning("Execution lost, its container was stopped", task=self.execution.task_id)
        self._logs.close(self.output)
        return ended.status if ended else None

    def hand_back(self) -> None:
        """Have what runs stopped, its output so far kept, and the execution claimable again; what has ended by itself
        keeps its result."""
        self.handed_back = True
        self._executing.cancel()

    async def _run_leased(self, container: AsyncExitStack) -> Execution | None:
        ended: Execution | None = None
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._keep_lease, tasks.cancel_scope)
            tasks.start_soon(self._limit_time)
            tasks.start_soon(self._phases.end, self.output.begun)
            if self._found is None:
                await announce(self._store, self._bus, self.execution)
            outcome = await self._execute(container)
            if self._is_handed_back(outcome):
                await container.aclose()  # nothing of it is left when another attempt may begin
            await self.output.drained()
            ended = await self._finish(outcome)
            tasks.cancel_scope.cancel()
        return ended

    async def _keep_lease(self, whole: anyio.CancelScope) -> None:
        while True:
            if await self.lease.keep() is Stop.LOST:
                self.output.abandon()
                whole.cancel()
                return
            self._executing.cancel()

    async def _execute(self, container: AsyncExitStack) -> Outcome:
        """Run the container; whatever the reason of its end, its output so far is held when this returns."""
        outcome = Outcome(Status.CANCELLED)
        with self._executing:
            outcome = await self._outcome(container)
        self.output.finish()
        return outcome

    async def _outcome(self, container: AsyncExitStack) -> Outcome:
        if self._unreadable is not None:
            return Outcome(Status.ERROR, self._unreadable.message)
        try:
            running = await container.enter_async_context(await self._begun())
            code = await self._follow_in_time(running)
        except ExecutorError as error:
            return Outcome(Status.ERROR, masked(error.message, self.output.masker)[:MAX_ERROR_CHARACTERS])
        except Exception as exc:
            # Its text might repeat a variable's value, so only the kind and the place are told.
            frame = traceback.extract_tb(exc.__traceback__)[-1]
            log.error(  # noqa: TRY400
                "Execution failed inside the runner",
                task=self.execution.task_id,
                error=type(exc).__name__,
                where=f"{frame.filename}:{frame.lineno}",
            )
            return Outcome(Status.ERROR, f"the runner failed: {type(exc).__name__}")
        if code is None:
            return Outcome(Status.TIMED_OUT, f"timed out after {self._timeout_s():g} s")
        return Outcome(Status.PASSED if code == 0 else Status.FAILED, exit_code=code)

    async def _begun(self) -> AbstractAsyncContextManager[Running]:
        job = job_of(self._plain, self._settings, self._report.variables)
        if self._found is None:
            await self._executor.prepare(job, self._phases.tell)
        return self._executor.running(job, self._found)

    async def _follow_in_time(self, running: Running) -> int | None:
        """Return the exit code; None if the container was stopped as its time was over."""
        self._begun_at = anyio.current_time() - running.ran_s
        self._in_time.deadline = self._begun_at + self._timeout_s()
        with self._in_time:
            return await running.follow(self.output.write)
        return None

    async def _limit_time(self) -> None:
        """Take the organization's limit into account, as soon as the store tells it."""
        self._longest_s = await longest_s(self._store, self.execution.organization_id, self._longest_s)
        self._in_time.deadline = self._begun_at + self._timeout_s()

    def _timeout_s(self) -> float:
        asked = self.execution.request.get("config", {}).get("timeoutSeconds")
        return min(asked or self._longest_s, self._longest_s)

    async def _finish(self, outcome: Outcome) -> Execution | None:
        """Store the end, however long the store is away; None if that was no longer this runner's to do."""
        while True:
            try:
                with anyio.CancelScope(shield=True):  # a renewal in the middle of it is refused: that is no loss
                    return await self._end(outcome)
            except StoreUnavailable:
                await anyio.sleep(RETRY_S)
            except LeaseLost:
                return None

    async def _tell(self, ended: Execution) -> None:
        if self.handed_back:  # as whoever ends an attempt before its job did
            self._bus.owe_resync(ended.organization_id, ended.task_id)
        if ended.status is Status.PENDING:
            event = "Execution handed back" if self.handed_back else "Execution is tried again"
            log.info(event, task=ended.task_id, attempt=ended.attempt)
        await announce_and_wake(self._store, self._bus, ended)

    def _is_handed_back(self, outcome: Outcome) -> bool:
        return self.handed_back and outcome.status is Status.CANCELLED

    async def _end(self, outcome: Outcome) -> Execution:
        owner, result = self.execution, outcome.status
        key = owner.organization_id, owner.task_id, owner.fence
        if self._is_handed_back(outcome):
            return await self._store.release(*key)
        told: dict[str, Any] = {"error": outcome.error, "exit_code": outcome.exit_code, "output": self.output.proof}
        if retried_after(owner, result):
            return await self._store.requeue(*key, result, **told)
        return await self._store.transition(*key, verdict(owner, result), result=result, **told)


def _opened(execution: Execution, sealer: Sealer | None) -> tuple[Execution, SecretsUnreadable | None]:
    """Return the execution with plain secrets, or as it is and why it cannot be run."""
    try:
        plain = opened(sealer, execution.request, execution.organization_id, execution.task_id)
    except SecretsUnreadable as error:
        return execution, error
    return replace(execution, request=plain), None


async def release(store: Store, bus: Bus, execution: Execution) -> None:
    """Make the execution claimable again, unless it is no longer this runner's; what was stored of its output may not
    have been published. Raises `StoreUnavailable`."""
    try:
        released = await store.release(execution.organization_id, execution.task_id, execution.fence)
    except LeaseLost:
        return
    log.info("Execution handed back", task=execution.task_id, attempt=execution.attempt)
    bus.owe_resync(execution.organization_id, execution.task_id)
    await announce(store, bus, released)
