"""The bus within one process: the fake that tests use. Same order and same bounds, no Redis."""

import math
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import asynccontextmanager

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from runcast_core.bus.bus import (
    JOURNAL_ENTRIES,
    Delivery,
    Gap,
    JournalPage,
    JournalTail,
    Signal,
    SignalKind,
    Subscription,
    gapless,
)
from runcast_core.bus.memory_api_keys import MemoryApiKeys
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.events import Event, mark
from runcast_core.model.identifiers import check_organization_id


class MemorySubscription:
    """One subscriber; see `runcast_core.bus.bus.Subscription`."""

    def __init__(self, bus: "MemoryBus") -> None:
        self._bus = bus
        self.organizations: set[str] = set()
        self.sender: MemoryObjectSendStream[Delivery | Gap]
        self._receiver: MemoryObjectReceiveStream[Delivery | Gap]
        self.sender, self._receiver = anyio.create_memory_object_stream[Delivery | Gap](math.inf)

    async def add(self, organization_id: str) -> None:
        self.organizations.add(check_organization_id(organization_id))

    def remove(self, organization_id: str) -> None:
        self.organizations.discard(organization_id)

    def check(self) -> None:
        if self._bus.down:
            raise BusUnavailable("the memory bus is switched off")

    async def __aiter__(self) -> AsyncIterator[list[Delivery | Gap]]:
        async for first in self._receiver:
            waiting = self._receiver.statistics().current_buffer_used
            yield [first, *(self._receiver.receive_nowait() for _ in range(waiting))]

    async def until_gap(self, relay: Callable[[list[Delivery]], None]) -> list[Delivery | Gap]:
        stream = aiter(self)
        while True:
            items = await anext(stream)
            if (deliveries := gapless(items)) is None:
                return items
            relay(deliveries)

    def close(self) -> None:
        self.sender.close()
        self._receiver.close()


class MemoryBus(MemoryApiKeys):
    """See `runcast_core.bus.bus.Bus`. `down = True` makes every verb raise, as a dead Redis does."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self.epoch = "memory"
        self.published: list[tuple[str, Event]] = []
        self.broadcasts: list[Event] = []
        self.sent_signals: list[Signal] = []
        self._journals: dict[str, deque[Delivery]] = defaultdict(lambda: deque(maxlen=JOURNAL_ENTRIES))
        self._subscriptions: set[MemorySubscription] = set()
        self._listeners: set[MemoryObjectSendStream[Signal]] = set()

    async def publish(self, organization_id: str, event: Event) -> str:
        await self.ping()
        self.published.append((check_organization_id(organization_id), event))
        delivery = Delivery(organization_id, f"{len(self.published)}-0", event)
        self._journals[organization_id].append(delivery)
        for subscription in self._subscriptions:
            if organization_id in subscription.organizations:
                subscription.sender.send_nowait(delivery)
        return delivery.offset

    async def broadcast(self, event: Event) -> None:
        await self.ping()
        self.broadcasts.append(event)

    async def read_journal(self, organization_id: str, *, start: str = "-", count: int = 1000) -> JournalPage:
        await self.ping()
        first = 0 if start == "-" else int(start.split("-")[0])
        found = [d for d in self._journals[organization_id] if int(d.offset.split("-")[0]) >= first]
        return JournalPage(self.epoch, found[:count])

    async def journal_tail(self, organization_id: str) -> JournalTail:
        await self.ping()
        if not self._journals[organization_id]:
            await self.publish(organization_id, mark())
        return JournalTail(self.epoch, self._journals[organization_id][-1].offset)

    async def keep_journals(self, organization_ids: Collection[str]) -> None:
        """Nothing expires here."""

    @asynccontextmanager
    async def subscription(self) -> AsyncIterator[Subscription]:
        subscription = MemorySubscription(self)
        self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            self._subscriptions.discard(subscription)
            subscription.close()

    def forget(self, organization_id: str, count: int) -> None:
        """Drop the oldest entries of a journal, as a bound or a flush does."""
        for _ in range(min(count, len(self._journals[organization_id]))):
            self._journals[organization_id].popleft()

    def interrupt(self) -> None:
        """Let every subscriber see a gap, and every listener a `WAKE`, as after a lost connection to Redis."""
        for listener in self._listeners:
            listener.send_nowait(Signal(SignalKind.WAKE))
        for subscription in self._subscriptions:
            for organization_id in subscription.organizations:
                subscription.sender.send_nowait(Gap(organization_id))

    async def signal(self, signal: Signal) -> None:
        await self.ping()
        self.sent_signals.append(signal)
        for listener in self._listeners:
            listener.send_nowait(signal)

    @asynccontextmanager
    async def signals(self) -> AsyncIterator[AsyncIterator[Signal]]:
        sender: MemoryObjectSendStream[Signal]
        receiver: MemoryObjectReceiveStream[Signal]
        sender, receiver = anyio.create_memory_object_stream[Signal](math.inf)
        self._listeners.add(sender)
        try:
            yield receiver.__aiter__()
        finally:
            self._listeners.discard(sender)
            sender.close()
            receiver.close()

    async def ping(self) -> None:
        if self.down:
            raise BusUnavailable("the memory bus is switched off")
