"""Keeps one execution's lease, and tells its job when to stop."""

from enum import StrEnum

import anyio
import structlog

from runcast_core.model.attempts import retried_when_lost
from runcast_core.model.errors import LeaseLost, StoreUnavailable
from runcast_core.model.executions import Execution
from runcast_core.store.store import Store

log = structlog.get_logger()


class Stop(StrEnum):
    """Why a job must stop."""

    CANCELLED = "cancelled"
    LOST = "lost"


class Lease:
    """Renews each third of the lease, and after a failure each twelfth. `look` makes it renew now, as after a cancel
    signal.

    A lease that ran out, on this process's own monotonic clock counted from before the last good renewal was sent, is
    lost where another attempt may follow by itself: never two run. Else nobody runs it but this runner, so that it goes
    on renewing: the store may have been away for all. Until it knows, `good` is false, and nothing may be written.
    """

    def __init__(self, store: Store, execution: Execution, lease_ms: int, claimed_at: float) -> None:
        self._store = store
        self._execution = execution
        self._lease_ms = lease_ms
        self._lease_s = lease_ms / 1000
        self._ends_at = claimed_at + self._lease_s
        self._ends_for_good = retried_when_lost(execution)
        self._pause_s = self._lease_s / 3
        self._look = anyio.Event()

    @property
    def good(self) -> bool:
        return self._left() > 0

    def look(self) -> None:
        self._look.set()

    async def keep(self) -> Stop:
        """Return when cancelling was requested or the lease is lost: taken by another, ended, or run out for good."""
        while True:
            with anyio.move_on_after(min(self._pause_s, self._left() or self._pause_s)):
                await self._look.wait()
            self._look = anyio.Event()
            if (stop := await self._renew()) is not None:
                return stop

    async def _renew(self) -> Stop | None:
        sent_at = anyio.current_time()
        owner = self._execution
        self._pause_s = self._lease_s / 12
        try:
            with anyio.fail_after(self._left() if self._ends_for_good else self._left() or self._lease_s):
                cancelled = await self._store.renew(
                    owner.organization_id, owner.task_id, owner.fence, lease_ms=self._lease_ms
                )
        except LeaseLost:
            return Stop.LOST
        except (StoreUnavailable, TimeoutError):
            log.warning("Lease not renewed, the store does not answer", task=owner.task_id)
            return Stop.LOST if self._ends_for_good and not self.good else None
        self._ends_at = sent_at + self._lease_s
        self._pause_s = self._lease_s / 3
        return Stop.CANCELLED if cancelled else None

    def _left(self) -> float:
        return max(0.0, self._ends_at - anyio.current_time())
