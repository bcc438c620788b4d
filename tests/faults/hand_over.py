"""The experiment with the hand-over: clients that come, go and come back at random moments under six publishers.

Broker, hub and recovery are the gateway's own; journals are read slowly, live events arrive late, subscriptions break.
Each client must have had every event after its first offset, once, in order.
"""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
from prometheus_client import CollectorRegistry

from runcast_core.access.tokens import Claims
from runcast_core.bus.bus import Bus, Delivery, Gap, JournalPage, JournalTail, Subscription
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.accounts import Role
from runcast_core.model.events import EXECUTION_LOG, Event
from runcast_gateway.bounds import Bounds
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.protocol.handshake import Handshake
from runcast_gateway.protocol.pid import new_pid
from runcast_gateway.protocol.recovery import Recovery
from runcast_gateway.relay.broker import Broker
from runcast_gateway.relay.frame import Frames
from runcast_gateway.relay.hub import Hub
from runcast_gateway.relay.offset import parse_offset
from runcast_gateway.relay.revocations import Revocations
from runcast_gateway.relay.socket import Socket
from tests.parts.conditions import until
from tests.parts.connection import TakesAll

ORGANIZATION = "o"
CLAIMS = Claims("u", ORGANIZATION, Role.VIEWER, 0)
PUBLISHERS = 6
EVENT = Event(EXECUTION_LOG, "t", b"{}")


class Moments:
    """Random stalls: mostly none, sometimes long enough for much else to happen; the longer, the slower the `pace`."""

    def __init__(self, seed: int, pace: float = 1) -> None:
        self.random = random.Random(seed)
        self._pace = pace

    async def stall(self, longest_s: float = 0.003) -> None:
        chance = self.random.random()
        await anyio.sleep(0 if chance < 0.5 else longest_s * chance * self._pace)


class StallingSubscription:
    def __init__(self, subscription: Subscription, moments: Moments) -> None:
        self._subscription = subscription
        self._moments = moments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._subscription, name)

    async def __aiter__(self) -> AsyncIterator[list[Delivery | Gap]]:
        async for items in self._subscription:
            await self._moments.stall()
            yield items


class StallingBus:
    """A bus whose answers and live events arrive late."""

    def __init__(self, bus: Bus, moments: Moments) -> None:
        self._bus = bus
        self._moments = moments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    async def read_journal(self, organization_id: str, **options: Any) -> JournalPage:
        await self._moments.stall()
        page = await self._bus.read_journal(organization_id, **options)
        await self._moments.stall()
        return page

    async def journal_tail(self, organization_id: str) -> JournalTail:
        await self._moments.stall()
        tail = await self._bus.journal_tail(organization_id)
        await self._moments.stall()
        return tail

    @asynccontextmanager
    async def subscription(self) -> AsyncIterator[Any]:
        async with self._bus.subscription() as subscription:
            yield StallingSubscription(subscription, self._moments)


async def interrupt_memory(bus: MemoryBus, moments: Moments) -> None:
    """Lose what is published for a moment, then tell of the gap."""
    [subscription] = bus._subscriptions
    wanted, subscription.organizations = subscription.organizations, set()
    await moments.stall()
    subscription.organizations |= wanted
    for organization_id in wanted:
        subscription.sender.send_nowait(Gap(organization_id))


class Client:
    """A client as the JavaScript one is: it keeps pid and offset over its connections."""

    def __init__(self, moments: Moments) -> None:
        self.moments = moments
        self.pid: str | None = None
        self.offset: str | None = None
        self.start: str | None = None
        self.received: list[str] = []
        """Offsets of all events, marks included."""
        self.told: list[tuple[int, str]] = []
        """Packets without an offset, and how many events came before each."""
        self.refused = 0
        self.watching: frozenset[str] | None = None


class Session(TakesAll):
    """One connection of a client, which reads slowly at times; see `runcast_gateway.relay.socket.Connection`."""

    def __init__(self, client: Client, hub: Hub) -> None:
        super().__init__()
        self._client = client
        self._hub = hub
        self.socket: Socket | None = None
        self.open = True

    def write(self, frames: Frames) -> None:
        if not self.open:
            return
        for packet in frames.packets:
            if packet.endswith(b'"]'):
                self._client.offset = packet.rsplit(b'"', 2)[1].decode()
                self._client.received.append(self._client.offset)
            else:
                self._client.told.append((len(self._client.received), packet.decode()))

    def buffered(self) -> int:
        return 0

    async def drained(self) -> None:
        await self._client.moments.stall()

    def abort(self) -> None:
        self.open = False


class Experiment:
    """One organization on one gateway. `bus` is the gateway's, `publish` and `interrupt` what happens around it."""

    def __init__(
        self,
        bus: Bus,
        moments: Moments,
        interrupt: Callable[[], Awaitable[None]],
        *,
        recovery: type[Recovery] = Recovery,
        events: int = 120,
        clients: int = 100,
    ) -> None:
        self._plain = bus
        self._moments = moments
        self._interrupt = interrupt
        self._events = events
        stalling: Any = StallingBus(bus, moments)
        metrics = GatewayMetrics(CollectorRegistry())
        self.hub = Hub(metrics, Bounds())
        self._broker = Broker(stalling, self.hub, Revocations(stalling), metrics, linger_s=1000)
        self._recovery = recovery(stalling, metrics)
        self.clients = [Client(moments) for _ in range(clients)]
        self.sessions = 0
        self.published: list[str] = []
        self.events: dict[str, Event] = {}
        self._progress = anyio.Event()

    async def run(self) -> None:
        """Return once all was published and everything has arrived wherever it will."""
        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                await tasks.start(self._broker.run)
                await self._publish_one()
                tasks.start_soon(self._interrupt_often)
                async with anyio.create_task_group() as parties:
                    for client in self.clients:
                        parties.start_soon(self._visit, client)
                    for _ in range(PUBLISHERS):
                        parties.start_soon(self._publish)
                self.published.sort(key=parse_offset)
                await self._settled()
                tasks.cancel_scope.cancel()

    def wrong(self) -> int:
        """Return how many clients missed something, had it twice or in another order."""
        offsets = {offset: place for place, offset in enumerate(self.published)}
        return sum(c.received != self.published[offsets[c.start or ""] + 1 :] for c in self.clients)

    async def _publish(self) -> None:
        for _ in range(self._events):
            await self._publish_one()
            self._progress.set()
            self._progress = anyio.Event()
            await self._moments.stall(0.02)

    async def _publish_one(self) -> None:
        event = self._event()
        offset = await self._plain.publish(ORGANIZATION, event)
        self.published.append(offset)
        self.events[offset] = event

    def _event(self) -> Event:
        return EVENT

    def _session(self, client: Client) -> Session:
        return Session(client, self.hub)

    async def _interrupt_often(self) -> None:
        while True:
            await self._until(len(self.published) + self._moments.random.randrange(20, 200))
            await self._interrupt()

    async def _until(self, count: int) -> None:
        while len(self.published) < count:
            await self._progress.wait()

    async def _visit(self, client: Client) -> None:
        """Come at a random moment, go and come back some times, and stay."""
        total = PUBLISHERS * self._events
        moments = sorted(self._moments.random.randrange(total) for _ in range(6))
        while len(moments) > 1:
            await self._until(moments.pop(0))
            session = self._session(client)
            socket = await self._connected(client, session)
            await self._until(moments.pop(0))
            if moments:
                session.open = False
                self.hub.lost(socket)

    async def _connected(self, client: Client, session: Session) -> Socket:
        """As `GatewayServer._admit` does."""
        self.sessions += 1
        room = await self._broker.opened(ORGANIZATION)
        handshake = Handshake(recover=True, pid=client.pid, offset=client.offset)
        missed = await self._recovery.missed(room, CLAIMS, handshake)
        session.socket = socket = Socket("s", CLAIMS, session, recover=True, watching=client.watching)
        self.hub.arrive(socket)
        if missed is not None:
            await self._recovery.replay(socket, room, missed)
            return socket
        client.refused += client.pid is not None
        client.pid = str(new_pid(room.epoch, CLAIMS))
        client.start = client.offset = room.last_text
        client.received.clear()
        room.join(socket)
        return socket

    async def _settled(self) -> None:
        """Whoever waits to join does so with the next event; so one more is published until it has arrived."""
        room = self.hub.room(ORGANIZATION)
        await self._publish_one()
        last = self.published[-1]
        await until(lambda: room.last_text == last)
        room.flush()
