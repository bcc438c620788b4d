"""The runner: claims while it has room, ends what others lost, hands back what it cannot finish."""

from typing import Any

import anyio
import structlog
from anyio.abc import TaskGroup
from prometheus_client import CollectorRegistry
from runcast_core.announcer import announce, sweep_unannounced
from runcast_core.bus import Bus, SignalKind
from runcast_core.errors import BusUnavailable, LeaseLost, RuncastError, StoreUnavailable
from runcast_core.executions import Execution
from runcast_core.store import Store

from runcast_runner.execution_run import ExecutionRun
from runcast_runner.executor import Executor
from runcast_runner.log_writer import LogWriter
from runcast_runner.metrics import RunnerMetrics
from runcast_runner.settings import RunnerSettings

log = structlog.get_logger()

RETRY_S = 1.0


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
    await _Runner(settings, store, bus, executor, RunnerMetrics(registry or CollectorRegistry())).run(shutdown)


class _Runner:
    def __init__(
        self, settings: RunnerSettings, store: Store, bus: Bus, executor: Executor, metrics: RunnerMetrics
    ) -> None:
        self._settings = settings
        self._store = store
        self._bus = bus
        self._executor = executor
        self._metrics = metrics
        self._logs = LogWriter(store, bus)
        self._runs: dict[tuple[str, str], ExecutionRun] = {}
        self._wake = anyio.Event()

    async def run(self, shutdown: anyio.Event) -> None:
        await self._executor.remove_orphans()
        await self._hand_back(await self._store.held_by(self._settings.runner_id))
        async with anyio.create_task_group() as side:
            for task in (self._logs.run, self._listen, self._expire):
                side.start_soon(task)
            side.start_soon(sweep_unannounced, self._store, self._bus)
            async with anyio.create_task_group() as jobs:
                await self._claim_until(shutdown, jobs)
                with anyio.move_on_after(self._settings.drain_s):
                    while self._runs:
                        await self._waken()
                jobs.cancel_scope.cancel()
            with anyio.CancelScope(shield=True), anyio.move_on_after(10):
                await self._hand_back([run.execution for run in self._runs.values()])
            side.cancel_scope.cancel()

    async def _claim_until(self, shutdown: anyio.Event, jobs: TaskGroup) -> None:
        async def wake_on_shutdown() -> None:
            await shutdown.wait()
            self._wake.set()

        async with anyio.create_task_group() as waiter:
            waiter.start_soon(wake_on_shutdown)
            while not shutdown.is_set():
                if not await self._claim_one(jobs):
                    with anyio.move_on_after(self._settings.poll_s):
                        await self._waken()
            waiter.cancel_scope.cancel()

    async def _waken(self) -> None:
        await self._wake.wait()
        self._wake = anyio.Event()

    async def _claim_one(self, jobs: TaskGroup) -> bool:
        """Claim and start one execution; False if there is no room or nothing to claim."""
        if len(self._runs) >= self._settings.concurrency:
            return False
        claimed_at = anyio.current_time()
        try:
            execution = await self._claim()
        except StoreUnavailable as error:
            log.warning("Claiming failed", reason=error.message)
            await anyio.sleep(RETRY_S)
            return False
        if execution is None:
            return False
        parts: dict[str, Any] = {"store": self._store, "bus": self._bus, "executor": self._executor}
        run = ExecutionRun(execution, claimed_at, settings=self._settings, logs=self._logs, **parts)
        self._runs[execution.organization_id, execution.task_id] = run
        jobs.start_soon(self._guarded, run)
        return True

    async def _claim(self) -> Execution | None:
        settings = self._settings
        for backlog in await self._store.backlogs():
            limit = backlog.concurrency_limit or settings.organization_limit
            execution = await self._store.claim(
                backlog.organization_id, runner_id=settings.runner_id, lease_ms=settings.lease_ms, limit=limit
            )
            if execution is not None:
                return execution
        return None

    async def _guarded(self, run: ExecutionRun) -> None:
        """Run one execution; a fault of ours in it must not take the other executions along."""
        self._metrics.running.inc()
        try:
            await run.run()
        except Exception:
            log.exception("Execution failed inside the runner", task=run.execution.task_id)
        finally:
            self._metrics.running.dec()
        self._runs.pop((run.execution.organization_id, run.execution.task_id), None)
        self._metrics.ended.inc()
        self._wake.set()

    async def _listen(self) -> None:
        while True:
            try:
                async with self._bus.signals() as signals:
                    async for signal in signals:
                        run = self._runs.get((signal.organization_id, signal.task_id))
                        if signal.kind is SignalKind.WAKE:
                            self._wake.set()
                        elif run is not None:
                            run.lease.look()
            except BusUnavailable as error:
                log.warning("No signals, Redis does not answer", reason=error.message)
                await anyio.sleep(RETRY_S)

    async def _expire(self) -> None:
        """End, for ever, executions whose runner let the lease run out."""
        while True:
            await anyio.sleep(self._settings.lease_ms / 3000)
            try:
                for lost in await self._store.expired():
                    ended = await self._store.expire(lost.organization_id, lost.task_id, lost.fence)
                    if ended is not None:
                        await announce(self._store, self._bus, ended)
            except RuncastError as error:
                log.warning("Looking for lost runners failed", reason=error.message)

    async def _hand_back(self, executions: list[Execution]) -> None:
        for execution in executions:
            try:
                released = await self._store.release(execution.organization_id, execution.task_id, execution.fence)
            except LeaseLost:
                continue
            log.info("Execution handed back", task=execution.task_id, attempt=execution.attempt)
            await announce(self._store, self._bus, released)
