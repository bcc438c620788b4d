"""Ends the attempts of runners that let their lease run out."""

import anyio
import structlog

from runcast_core.bus.bus import Bus
from runcast_core.model.errors import RuncastError
from runcast_core.model.executions import ExecutionSummary
from runcast_core.store.announcer import announce_and_wake
from runcast_core.store.store import Store
from runcast_runner.metrics import RunnerMetrics

log = structlog.get_logger()


class LostRunners:
    """Any runner does it, for all. When the store was away for so long that leases ran out, the runners first get time
    to renew: another third of a lease, while they try each twelfth."""

    def __init__(self, store: Store, bus: Bus, metrics: RunnerMetrics, *, lease_ms: int) -> None:
        self._store = store
        self._bus = bus
        self._metrics = metrics
        self._pause_s = lease_ms / 3000

    async def sweep(self) -> None:
        """Look each third of a lease, for ever."""
        was_there = True
        while True:
            await anyio.sleep(self._pause_s)
            begun = anyio.current_time()
            try:
                lost = await self._store.expired()
                is_there = anyio.current_time() - begun < self._pause_s
                if was_there and is_there:
                    await self._end(lost)
                was_there = is_there
            except RuncastError as error:
                was_there = False
                log.warning("Looking for lost runners failed", reason=error.message)

    async def _end(self, lost: list[ExecutionSummary]) -> None:
        """End these attempts, and with them their executions unless there is to be another. What a lost runner stored
        last it may not have published."""
        for execution in lost:
            ended = await self._store.expire(execution.organization_id, execution.task_id, execution.fence)
            if ended is not None:
                self._metrics.expired.inc()
                self._bus.owe_resync(ended.organization_id, ended.task_id)
                await announce_and_wake(self._store, self._bus, ended)
