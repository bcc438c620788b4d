"""Subscribes to an organization while the hub holds a socket of it, and hands its room what arrives.

Each room is opened once its subscription is acknowledged, and its revocations and its journal's tail are known. A gap
is repaired in place from the journal, with whatever arrives meanwhile held back; where that cannot be complete, sockets
have to read again.
"""

from collections.abc import Iterable, Sequence

import anyio
import structlog
from anyio.abc import TaskGroup, TaskStatus

from runcast_core.bus.bus import Bus, Delivery, Gap, JournalTail, Subscription
from runcast_core.model.errors import BusUnavailable
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.relay.early import Early
from runcast_gateway.relay.hub import Hub
from runcast_gateway.relay.revocations import Revocations
from runcast_gateway.relay.room import Room

log = structlog.get_logger()

SWEEP_S = 5.0
KEEP_S = 300.0
"""How often journals are kept from expiring whose offsets are held here."""
REPAIR_S = 5.0
RETRY_S = 0.2
PAGE = 500


class Broker:
    """One subscription for all organizations of this gateway. Cost follows interest."""

    def __init__(
        self, bus: Bus, hub: Hub, revocations: Revocations, metrics: GatewayMetrics, *, linger_s: float
    ) -> None:
        self._bus = bus
        self._hub = hub
        self._revocations = revocations
        self._metrics = metrics
        self._linger_s = linger_s
        self._subscription: Subscription | None = None
        self._tasks: TaskGroup | None = None
        self._wanted_at: dict[str, float] = {}
        """When each subscribed organization was last asked for, or seen to have a socket here."""
        self._opening: dict[str, anyio.Event] = {}
        self._interrupted: set[str] = set()
        """Organizations with a gap since their journal's tail was asked for."""
        self._early = Early()
        self._late: set[str] = set()
        """Organizations with sockets that could not wait until the room was open."""

    def check(self) -> None:
        """Raise `BusUnavailable` while nothing can arrive."""
        if self._subscription is None:
            raise BusUnavailable("the gateway does not relay")
        self._subscription.check()

    async def opened(self, organization_id: str) -> Room:
        """Return the organization's room once everything that is published from now on will arrive there, and how far
        it is known; however long that takes."""
        self._wanted_at[organization_id] = anyio.current_time()
        room = self._hub.room(organization_id)
        if room.epoch is None:
            await self._open_soon(organization_id).wait()
        return room

    def resync_once_open(self, organization_id: str) -> None:
        """Let sockets that could not wait until the room was open look again when it is."""
        self._wanted_at[organization_id] = anyio.current_time()
        self._late.add(organization_id)
        self._open_soon(organization_id)

    async def run(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Relay for ever, started once it can take sockets. Redis need not be there."""
        try:
            async with self._bus.subscription() as self._subscription, anyio.create_task_group() as self._tasks:
                self._tasks.start_soon(self._unsubscribe_idle, self._subscription)
                self._tasks.start_soon(self._keep_journals)
                task_status.started()
                await self._relay(self._subscription)
        finally:
            self._subscription = None

    async def _relay(self, subscription: Subscription) -> None:
        while True:
            items = await subscription.until_gap(self._deliver)
            gaps = {item.organization_id for item in items if isinstance(item, Gap)}
            await self._repair_all(gaps & self._wanted_at.keys())
            self._deliver(items)

    def _deliver(self, items: Sequence[Delivery | Gap]) -> None:
        """Relay to rooms that are open. Of another one nobody can say yet who may see it: a socket may be there that
        could not wait, with a token that was revoked. What arrives before is kept for the moment in which it opens."""
        for organization_id, deliveries in sorted(_by_organization(items).items(), key=_count):
            if self._hub.is_open(organization_id):
                self._metrics.relayed.inc(len(deliveries))
                self._hub.deliver(organization_id, deliveries)
            elif organization_id in self._opening and not self._early.keep(organization_id, deliveries):
                self._interrupted.add(organization_id)  # so that the journal's tail is asked for again

    # Opening ----------------------------------------------------------------------------------------------------------

    def _open_soon(self, organization_id: str) -> anyio.Event:
        """Return the event that is set once the room is open."""
        assert self._tasks is not None  # noqa: S101 - sockets are served while `run` runs
        if organization_id not in self._opening:
            self._opening[organization_id] = anyio.Event()
            self._tasks.start_soon(self._open, organization_id)
        return self._opening[organization_id]

    async def _open(self, organization_id: str) -> None:
        assert self._subscription is not None  # noqa: S101 - as above
        while True:
            await self._subscription.add(organization_id)
            self._interrupted.discard(organization_id)
            try:
                await self._revocations.load(organization_id)
                tail = await self._bus.journal_tail(organization_id)
            except BusUnavailable:
                await anyio.sleep(RETRY_S)
                continue
            if organization_id not in self._interrupted:
                break
        self._begin(self._hub.room(organization_id), tail)

    def _begin(self, room: Room, tail: JournalTail) -> None:
        """Open a room, in one step: who could not wait is told to read again before anything is relayed there."""
        room.open(tail)
        if room.organization_id in self._late:
            self._late.discard(room.organization_id)
            room.resync("subscribed late")
        self._deliver(self._early.take(room.organization_id))
        self._opening.pop(room.organization_id).set()

    # Gaps -------------------------------------------------------------------------------------------------------------

    async def _repair_all(self, organization_ids: Iterable[str]) -> None:
        async with anyio.create_task_group() as tasks:
            for organization_id in organization_ids:
                room = self._hub.room(organization_id)
                self._metrics.gaps.inc()
                self._interrupted.add(organization_id)
                self._early.take(organization_id)  # of another history, perhaps
                if room.epoch is not None:
                    tasks.start_soon(self._repair, room)

    async def _repair(self, room: Room) -> None:
        """Deliver what the gap swallowed, or let the room begin again."""
        try:
            with anyio.fail_after(REPAIR_S):
                if await self._replay(room):
                    self._metrics.repaired_gaps.inc()
                    return
                tail = await self._bus.journal_tail(room.organization_id)
        except (BusUnavailable, TimeoutError):
            tail = None
        log.warning("Gap not repaired, dashboards have to read again", organization=room.organization_id)
        room.restart(tail, "subscription interrupted")
        if tail is None:
            self.resync_once_open(room.organization_id)

    async def _replay(self, room: Room) -> bool:
        """Deliver all that the journal holds after the offset relayed last. False if it does not follow from that."""
        while True:
            start = room.last_text
            page = await self._bus.read_journal(room.organization_id, start=start, count=PAGE)
            if not page.follows(room.epoch, start):
                return False
            room.deliver(page.entries[1:])
            if len(page.entries) < PAGE:
                return True

    # Sweeps -----------------------------------------------------------------------------------------------------------

    async def _unsubscribe_idle(self, subscription: Subscription) -> None:
        """Drop, every few seconds, what nobody here has watched for the time of lingering."""
        while True:
            await anyio.sleep(SWEEP_S)
            now = anyio.current_time()
            self._wanted_at |= dict.fromkeys(filter(self._is_held, self._wanted_at), now)
            for organization_id in [o for o, at in self._wanted_at.items() if now - at >= self._linger_s]:
                del self._wanted_at[organization_id]
                self._interrupted.discard(organization_id)
                subscription.remove(organization_id)
                self._revocations.forget(organization_id)
                self._hub.close(organization_id)

    def _is_held(self, organization_id: str) -> bool:
        """Tell whether somebody is here, or may be as soon as the room is open."""
        return self._hub.holds(organization_id) or organization_id in self._opening

    async def _keep_journals(self) -> None:
        while True:
            await anyio.sleep(KEEP_S)
            try:
                await self._bus.keep_journals(list(self._wanted_at))
            except BusUnavailable as error:
                log.warning("Journals not kept from expiring", reason=error.message)


def _by_organization(items: Iterable[Delivery | Gap]) -> dict[str, list[Delivery]]:
    """Return what follows the gaps, which were repaired: what came before is in the journal, or of another history."""
    deliveries: dict[str, list[Delivery]] = {}
    for item in items:
        if isinstance(item, Delivery):
            deliveries.setdefault(item.organization_id, []).append(item)
        else:
            deliveries.pop(item.organization_id, None)
    return deliveries


def _count(item: tuple[str, list[Delivery]]) -> int:
    """Let who has little to say not wait for who has much."""
    return len(item[1])
