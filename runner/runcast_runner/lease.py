"""Keeps one execution's lease, and tells its job when to stop."""

from enum import StrEnum

import anyio
import structlog
from runcast_core.errors import LeaseLost, StoreUnavailable
from runcast_core.executions import Execution
from runcast_core.store import Store

log = structlog.get_logger()


class Stop(StrEnum):
    """Why a job must stop."""

    CANCELLED = "cancelled"
    LOST = "lost"


class Lease:
    """Renews each third of the lease. `look` makes it renew now, as after a cancel signal."""

    def __init__(self, store: Store, execution: Execution, lease_ms: int, claimed_at: float) -> None:
        self._store = store
        self._execution = execution
        self._lease_ms = lease_ms
        self._ends_at = claimed_at + lease_ms / 1000
        self._look = anyio.Event()

    def look(self) -> None:
        self._look.set()

    async def keep(self) -> Stop:
        """Return when cancelling was requested or the lease is lost: taken by another, ended, or run out on this
        process's own monotonic clock, counted from before the last good renewal was sent."""
        while True:
            with anyio.move_on_after(min(self._lease_ms / 3000, max(0.0, self._ends_at - anyio.current_time()))):
                await self._look.wait()
            self._look = anyio.Event()
            if (stop := await self._renew()) is not None:
                return stop

    async def _renew(self) -> Stop | None:
        sent_at = anyio.current_time()
        execution = self._execution
        try:
            with anyio.fail_after(max(0.0, self._ends_at - sent_at)):
                key = execution.organization_id, execution.task_id, execution.fence
                cancelled = await self._store.renew(*key, lease_ms=self._lease_ms)
        except LeaseLost:
            return Stop.LOST
        except (StoreUnavailable, TimeoutError):
            log.warning("Lease not renewed, the store does not answer", task=execution.task_id)
            return Stop.LOST if anyio.current_time() >= self._ends_at else None
        self._ends_at = sent_at + self._lease_ms / 1000
        return Stop.CANCELLED if cancelled else None
