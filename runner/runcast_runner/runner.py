"""The runner: claims while it has room, ends what others lost, hands back what it cannot finish."""

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import anyio
import structlog
from anyio.abc import TaskGroup
from prometheus_client import CollectorRegistry

from runcast_core.access.job_tokens import job_tokens_of
from runcast_core.access.sealing import sealer_of
from runcast_core.bus.bus import Bus, SignalKind
from runcast_core.model.errors import StoreUnavailable, kinds
from runcast_core.model.executions import AttemptKey, Execution, Status
from runcast_core.store.announcer import sweep_unannounced
from runcast_core.store.store import Store
from runcast_runner.attempt.execution_run import ExecutionRun, Resumed
from runcast_runner.executors.executor import Executor
from runcast_runner.metrics import RunnerMetrics
from runcast_runner.output.log_writer import LogWriter
from runcast_runner.output.spill_folder import opened_spill
from runcast_runner.queue.lost_runners import LostRunners
from runcast_runner.queue.orphans import Orphans
from runcast_runner.queue.retention import sweep_old
from runcast_runner.queue.take_up import TakeUp
from runcast_runner.settings import RunnerSettings

log = structlog.get_logger()

RETRY_S = 1.0
HAND_BACK_S = 10


async def run_runner(
    settings: RunnerSettings,
    *,
    store: Store,
    bus: Bus,
    executor: Executor,
    shutdown: anyio.Event,
    registry: CollectorRegistry | None = None,
) -> None:
    """Run until `shutdown` is set, then drain: no new claims, up to the grace for what runs, the rest handed back."""
    metrics = RunnerMetrics(registry or CollectorRegistry())
    with opened_spill(Path(settings.spill_folder), settings.spill_mb) as spill:
        logs = LogWriter(store, bus, metrics, spill, max_mb=settings.max_output_mb)
        await _Runner(settings, store, bus, executor, metrics, logs).run(shutdown)


class _Runner:
    def __init__(
        self,
        settings: RunnerSettings,
        store: Store,
        bus: Bus,
        executor: Executor,
        metrics: RunnerMetrics,
        logs: LogWriter,
    ) -> None:
        self._settings = settings
        self._store = store
        self._bus = bus
        self._executor = executor
        self._metrics = metrics
        self._sealer = sealer_of(settings)
        self._job_tokens = job_tokens_of(settings)
        self._logs = logs
        self._lost = LostRunners(store, bus, metrics, lease_ms=settings.lease_ms)
        self._orphans = Orphans(store, executor, settings.runner_id, self._keys, metrics)
        self._runs: dict[tuple[str, str], ExecutionRun] = {}
        self._wake = anyio.Event()

    async def run(self, shutdown: anyio.Event) -> None:
        async with anyio.create_task_group() as side:
            side.start_soon(self._wake_on, shutdown)
            async with anyio.create_task_group() as jobs:
                await self._begin_where_it_ended(shutdown, side, jobs)
                for task in (self._listen, self._lost.sweep, self._orphans.sweep):
                    side.start_soon(task)
                side.start_soon(sweep_unannounced, self._store, self._bus)
                side.start_soon(sweep_old, self._store, self._settings.retention_days)
                await self._claim_until(shutdown, jobs)
                await self._idle_within(self._settings.drain_s)
                await self._hand_back()
                jobs.cancel_scope.cancel()
            side.cancel_scope.cancel()

    async def _begin_where_it_ended(self, shutdown: anyio.Event, side: TaskGroup, jobs: TaskGroup) -> None:
        """Store what an earlier runner of this name left on disk, then take up its jobs."""
        taking = TakeUp(
            self._store,
            self._bus,
            self._executor,
            runner_id=self._settings.runner_id,
            lease_ms=self._settings.lease_ms,
            begin=partial(self._go_on, jobs),
        )
        async with anyio.create_task_group() as meanwhile:
            meanwhile.start_soon(taking.keep)
            await self._patiently(shutdown, self._logs.store_spilled)
            side.start_soon(self._logs.run)
            await self._patiently(shutdown, taking.run)
            meanwhile.cancel_scope.cancel()

    async def _patiently(self, shutdown: anyio.Event, verb: Callable[[], Awaitable[None]]) -> None:
        """Do something to its end, however often the store does not answer."""
        while not shutdown.is_set():
            try:
                await verb()
            except StoreUnavailable as error:
                log.warning("Waiting for the store", reason=error.message)
                await self._waken(RETRY_S)
            else:
                return

    async def _claim_until(self, shutdown: anyio.Event, jobs: TaskGroup) -> None:
        while not shutdown.is_set():
            try:
                claimed = await self._claim_one(jobs)
            except StoreUnavailable as error:
                log.warning("Claiming failed", reason=error.message)
                await self._waken(RETRY_S)
            else:
                if not claimed:
                    await self._waken(self._settings.poll_s)

    async def _hand_back(self) -> None:
        """Have the rest stopped and handed back; what takes too long is found by the next start."""
        for run in self._runs.values():
            run.hand_back()
        await self._idle_within(self._settings.kill_grace_s + HAND_BACK_S)
        for run in self._runs.values():
            log.warning("Execution not handed back in time", task=run.execution.task_id)

    async def _idle_within(self, seconds: float) -> None:
        """Wait until nothing runs any more, or so long at most."""
        with anyio.move_on_after(seconds):
            while self._runs:
                await self._waken()

    async def _waken(self, seconds: float | None = None) -> None:
        """Wait for something to do, or so long at most."""
        with anyio.move_on_after(seconds):
            await self._wake.wait()
        self._wake = anyio.Event()

    async def _wake_on(self, shutdown: anyio.Event) -> None:
        await shutdown.wait()
        self._wake.set()

    async def _claim_one(self, jobs: TaskGroup) -> bool:
        """Claim and start one execution; False if there is no room or nothing to claim."""
        if len(self._runs) >= self._settings.concurrency:
            return False
        claimed_at = anyio.current_time()
        execution = await self._claim()
        if execution is None:
            return False
        self._begin(execution, claimed_at, jobs)
        return True

    def _go_on(self, jobs: TaskGroup, execution: Execution, resumed: Resumed) -> None:
        self._metrics.resumed.inc()
        self._begin(execution, resumed.leased_at, jobs, resumed)

    def _begin(self, execution: Execution, leased_at: float, jobs: TaskGroup, resumed: Resumed | None = None) -> None:
        run = ExecutionRun(
            execution,
            leased_at,
            settings=self._settings,
            store=self._store,
            bus=self._bus,
            executor=self._executor,
            logs=self._logs,
            sealer=self._sealer,
            job_tokens=self._job_tokens,
            resumed=resumed,
        )
        self._runs[execution.organization_id, execution.task_id] = run
        jobs.start_soon(self._guarded, run)

    def _keys(self) -> set[AttemptKey]:
        return {run.execution.attempt_key for run in self._runs.values()}

    async def _claim(self) -> Execution | None:
        settings = self._settings
        for backlog in await self._store.backlogs(settings.pools):
            limit = backlog.concurrency_limit or settings.organization_limit
            execution = await self._store.claim(
                backlog.organization_id,
                runner_id=settings.runner_id,
                lease_ms=settings.lease_ms,
                limit=limit,
                pools=settings.pools,
            )
            if execution is not None:
                return execution
        return None

    async def _guarded(self, run: ExecutionRun) -> None:
        """Run one execution; a fault of ours in it must not take the other executions along."""
        status: Status | None = None
        with self._metrics.running.track_inprogress():
            try:
                status = await run.run()
            except Exception as exc:
                log.error("Execution abandoned", task=run.execution.task_id, error=kinds(exc))  # noqa: TRY400
        key = run.execution.organization_id, run.execution.task_id
        if self._runs.get(key) is run:  # else it is the next attempt, claimed while this one was being stopped
            del self._runs[key]
        handed_back = run.handed_back and status is Status.PENDING
        self._metrics.ended.labels("HANDED_BACK" if handed_back else status or "LOST").inc()
        self._wake.set()

    async def _listen(self) -> None:
        async with self._bus.signals() as signals:
            async for signal in signals:
                run = self._runs.get((signal.organization_id, signal.task_id))
                if signal.kind is SignalKind.WAKE:
                    self._wake.set()
                elif run is not None:
                    run.lease.look()
