"""Subscribes to an organization while the hub holds a socket of it, and hands the hub what arrives."""

import anyio
import structlog
from anyio.abc import TaskGroup, TaskStatus

from runcast_core.bus import Bus, Gap, Subscription
from runcast_core.errors import BusUnavailable
from runcast_gateway.hub import Hub
from runcast_gateway.metrics import GatewayMetrics

log = structlog.get_logger()

SWEEP_S = 1.0


class Broker:
    """One subscription for all organizations of this gateway. Cost follows interest."""

    def __init__(self, bus: Bus, hub: Hub, metrics: GatewayMetrics, *, linger_s: float) -> None:
        self._bus = bus
        self._hub = hub
        self._metrics = metrics
        self._linger_s = linger_s
        self._subscription: Subscription | None = None
        self._tasks: TaskGroup | None = None
        self._wanted_at: dict[str, float] = {}
        """When each subscribed organization was last asked for, or seen to have a socket here."""
        self._late: set[str] = set()

    def check(self) -> None:
        """Raise `BusUnavailable` while nothing can arrive."""
        if self._subscription is None:
            raise BusUnavailable("the gateway does not relay")
        self._subscription.check()

    async def subscribed(self, organization_id: str) -> None:
        """Return once the organization's subscription is acknowledged, however long that takes."""
        assert self._subscription is not None  # noqa: S101 - sockets are served while `run` runs
        self._wanted_at[organization_id] = anyio.current_time()
        await self._subscription.add(organization_id)

    def resync_once_subscribed(self, organization_id: str) -> None:
        """Let sockets that could not wait for the acknowledgement look again when it has come."""
        assert self._tasks is not None  # noqa: S101 - sockets are served while `run` runs
        if organization_id not in self._late:
            self._late.add(organization_id)
            self._tasks.start_soon(self._resync_late, organization_id)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Relay for ever, started once it can take sockets. Redis need not be there."""
        try:
            async with self._bus.subscription() as self._subscription, anyio.create_task_group() as self._tasks:
                self._tasks.start_soon(self._unsubscribe_idle, self._subscription)
                task_status.started()
                await self._relay(self._subscription)
        finally:
            self._subscription = None

    async def _relay(self, subscription: Subscription) -> None:
        async for item in subscription:
            if isinstance(item, Gap):
                self._metrics.gaps.inc()
                self._hub.resync(item.organization_id, "subscription interrupted")
            else:
                self._hub.deliver(item)

    async def _resync_late(self, organization_id: str) -> None:
        await self.subscribed(organization_id)
        self._late.discard(organization_id)
        self._hub.resync(organization_id, "subscribed late")

    async def _unsubscribe_idle(self, subscription: Subscription) -> None:
        """Drop, about each second, what nobody here has watched for the time of lingering."""
        while True:
            await anyio.sleep(SWEEP_S)
            now = anyio.current_time()
            self._wanted_at |= dict.fromkeys(filter(self._hub.holds, self._wanted_at), now)
            for organization_id in [o for o, at in self._wanted_at.items() if now - at >= self._linger_s]:
                del self._wanted_at[organization_id]
                subscription.remove(organization_id)
