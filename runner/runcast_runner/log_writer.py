"""Stores the numbered output of all executions of a runner in common batches, then publishes it.

Lines wait in their execution's `ExecutionLog` and become numbered chunks when the writer takes them.
"""

import anyio
import structlog

from runcast_core.bus import Bus
from runcast_core.errors import BusUnavailable, StoreUnavailable
from runcast_core.events import execution_log
from runcast_core.executions import Execution, LogChunk
from runcast_core.store import Store
from runcast_runner.execution_log import ExecutionLog
from runcast_runner.metrics import RunnerMetrics
from runcast_runner.stored_output import StoredOutput

log = structlog.get_logger()

INTERVAL_S = 0.1
FIRST_RETRY_S, LAST_RETRY_S = 0.1, 5.0


class LogWriter:
    """`run` stores what all logs hold in one batch, publishes it in order, then waits `INTERVAL_S` or until a log holds
    a full chunk, so that the first output after silence goes out at once."""

    def __init__(self, store: Store, bus: Bus, metrics: RunnerMetrics, *, max_mb: int = 100) -> None:
        self._store = store
        self._bus = bus
        self._metrics = metrics
        self._max_mb = max_mb
        self._logs: set[ExecutionLog] = set()
        self._some = anyio.Event()
        self._much = anyio.Event()

    def open(self, execution: Execution, stored: StoredOutput | None = None) -> ExecutionLog:
        """Return the log of an attempt, of which something may be stored; `close` it in the end."""
        opened = ExecutionLog(execution, self._filled, max_mb=self._max_mb, stored=stored)
        self._logs.add(opened)
        return opened

    def close(self, closed: ExecutionLog) -> None:
        self._logs.discard(closed)

    async def run(self) -> None:
        """Store and publish for ever."""
        while True:
            await self._some.wait()
            self._some, self._much = anyio.Event(), anyio.Event()
            await self._flush()
            with anyio.move_on_after(INTERVAL_S):
                await self._much.wait()

    def _filled(self, full: bool) -> None:
        self._some.set()
        if full:
            self._much.set()

    async def _flush(self) -> None:
        logs = list(self._logs)
        batch = [(owner, chunk) for owner in logs for chunk in owner.take()]
        await self._store_patiently(batch)
        await self._publish(batch)
        for owner in logs:
            owner.taken()

    async def _store_patiently(self, batch: list[tuple[ExecutionLog, LogChunk]]) -> None:
        """Store the chunks, however long the store is away, but none of an attempt that is lost by then."""
        delay = FIRST_RETRY_S
        while chunks := [chunk for owner, chunk in batch if not owner.abandoned]:
            try:
                await self._store.append_logs(chunks)
            except StoreUnavailable as error:
                log.warning("Output held back, the store does not answer", chunks=len(chunks), reason=error.message)
                await anyio.sleep(delay)
                delay = min(delay * 2, LAST_RETRY_S)
            else:
                self._metrics.stored.inc(len(chunks))
                return

    async def _publish(self, batch: list[tuple[ExecutionLog, LogChunk]]) -> None:
        """Publish in order. Once Redis does not answer the rest is left out: it is stored, and seq shows the gap."""
        for number, (owner, chunk) in enumerate(batch):
            if owner.abandoned:
                continue
            try:
                await self._bus.publish(chunk.organization_id, execution_log(chunk))
            except BusUnavailable as error:
                self._metrics.unpublished.inc(len(batch) - number)
                log.warning("Output stored but not published", chunks=len(batch) - number, reason=error.message)
                return
