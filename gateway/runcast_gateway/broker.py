"""Subscribes to an organization while the hub holds a socket of it, and hands the hub what arrives."""

from collections.abc import Iterable

import anyio
import structlog

from runcast_core.bus import Bus, Gap, Subscription
from runcast_core.errors import BusUnavailable
from runcast_gateway.hub import Hub
from runcast_gateway.metrics import GatewayMetrics

log = structlog.get_logger()

RETRY_S = 0.5
SWEEP_S = 1.0


class Broker:
    """One subscription for all organizations of this gateway. Cost follows interest."""

    def __init__(self, bus: Bus, hub: Hub, metrics: GatewayMetrics, *, linger_s: float) -> None:
        self._bus = bus
        self._hub = hub
        self._metrics = metrics
        self._linger_s = linger_s
        self._subscription: Subscription | None = None
        self._wanted: dict[str, anyio.Event] = {}
        self._changed = anyio.Event()
        self._idle_since: dict[str, float] = {}
        self._late: set[str] = set()

    async def subscribed(self, organization_id: str) -> None:
        """Return once the organization's subscription is acknowledged, however long that takes."""
        self._idle_since.pop(organization_id, None)
        if organization_id not in self._wanted:
            self._wanted[organization_id] = anyio.Event()
            self._changed.set()
        await self._wanted[organization_id].wait()

    def resync_once_subscribed(self, organization_id: str) -> None:
        """Let sockets that could not wait for the acknowledgement look again when it has come."""
        self._late.add(organization_id)

    async def run(self) -> None:
        """Relay for ever; opens the subscription again for as long as Redis does not answer."""
        while True:
            try:
                async with self._bus.subscription() as self._subscription, anyio.create_task_group() as tasks:
                    tasks.start_soon(self._subscribe)
                    tasks.start_soon(self._unsubscribe_idle)
                    await self._relay(self._subscription)
            except BusUnavailable as error:
                log.warning("Redis is not there, trying again", reason=error.message)
                await anyio.sleep(RETRY_S)

    async def _relay(self, subscription: Subscription) -> None:
        async for item in subscription:
            if isinstance(item, Gap):
                self._metrics.gaps.inc()
                self._hub.resync(item.organization_id, "subscription interrupted")
            else:
                self._hub.deliver(item)

    async def _subscribe(self) -> None:
        while True:
            changed = self._changed
            try:
                await self._add([organization for organization, event in self._wanted.items() if not event.is_set()])
            except BusUnavailable:
                await anyio.sleep(RETRY_S)
                continue
            await changed.wait()
            self._changed = anyio.Event()

    async def _add(self, organization_ids: Iterable[str]) -> None:
        assert self._subscription is not None  # noqa: S101 - set before this task starts
        for organization_id in organization_ids:
            await self._subscription.add(organization_id)
            self._wanted[organization_id].set()
            if organization_id in self._late:
                self._late.discard(organization_id)
                self._hub.resync(organization_id, "subscribed late")

    async def _unsubscribe_idle(self) -> None:
        """Drop, about each second, what nobody here has watched for the time of lingering."""
        while True:
            await anyio.sleep(SWEEP_S)
            for organization_id in self._expired():
                await self._drop(organization_id)

    def _expired(self) -> list[str]:
        now = anyio.current_time()
        for organization_id, event in self._wanted.items():
            if self._hub.holds(organization_id) or not event.is_set():
                self._idle_since.pop(organization_id, None)
            else:
                self._idle_since.setdefault(organization_id, now)
        return [o for o, since in self._idle_since.items() if now - since >= self._linger_s]

    async def _drop(self, organization_id: str) -> None:
        if organization_id not in self._idle_since:
            return  # somebody asked for it since
        assert self._subscription is not None  # noqa: S101 - set before this task starts
        del self._wanted[organization_id]
        del self._idle_since[organization_id]
        try:
            await self._subscription.remove(organization_id)
        except BusUnavailable as error:
            log.warning("Unsubscribing failed", organization=organization_id, reason=error.message)
