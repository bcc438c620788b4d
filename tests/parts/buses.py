"""What the bus's tests share: an administrator's commands, and a publisher and a subscriber that keep account."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio

from runcast_core.bus.bus import Bus, Delivery, Gap, Subscription
from runcast_core.bus.redis.bus import RedisBus, open_redis_bus
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.events import RESYNC, Event
from tests.parts.conditions import until

LONG_S = 40
"""For what takes as long as a fail-over."""


async def command(bus: RedisBus, *words: Any) -> Any:
    """Run a command as an administrator would, on a Redis that is one server."""
    return await bus.servers.execute("", *words)


class Witness:
    """Publishes to one organization without a pause, through one bus, and follows it through another's subscription."""

    def __init__(self, organization_id: str) -> None:
        self.organization_id = organization_id
        self.published: list[str] = []
        """The offsets of what was published for certain."""
        self.failed: set[str] = set()
        """The tasks of which an event failed, or may have."""
        self.items: list[Delivery | Gap] = []
        self.subscription: Subscription

    async def publish(self, bus: Bus) -> None:
        number = 0
        while True:
            task_id, number = f"t{number}", number + 1
            try:
                self.published.append(await bus.publish(self.organization_id, Event("execution-log", task_id, b"{}")))
            except BusUnavailable:
                self.failed.add(task_id)
            await anyio.sleep(0.002)

    async def follow(self, bus: Bus) -> None:
        async with bus.subscription() as self.subscription, anyio.create_task_group() as tasks:
            tasks.start_soon(self.subscription.add, self.organization_id)
            while True:
                self.items.extend(await self.subscription.until_gap(self.items.extend))

    @property
    def delivered(self) -> list[str]:
        return [item.offset for item in self.items if isinstance(item, Delivery)]

    @property
    def gaps(self) -> int:
        return sum(isinstance(item, Gap) for item in self.items)

    async def has_gap(self) -> None:
        """Return once it was told that it missed something."""
        await until(lambda: self.gaps, LONG_S)

    async def is_resynced(self, bus: Bus) -> None:
        """Return once dashboards were told to read again whatever a publish failed for: each execution, or all of them.
        Those that have a gap there find it in the journal."""

        async def told() -> bool:
            try:
                entries = (await bus.read_journal(self.organization_id, count=10_000)).entries
            except BusUnavailable:
                return False
            tasks = {entry.event.task_id for entry in entries if entry.event.name == RESYNC}
            return tasks >= self.failed or None in tasks

        await until(told, LONG_S)

    async def goes_on(self) -> None:
        """Return once an event that is published from now on was delivered."""
        count = len(self.published)
        await until(lambda: set(self.published[count:]) & set(self.delivered), LONG_S)

    async def publishes(self, count: int) -> None:
        """Return once so many more were published."""
        goal = len(self.published) + count
        await until(lambda: len(self.published) >= goal)

    def account(self) -> None:
        """Fail if an event is missing without a gap where it should be, came twice, or came out of order."""
        place = {offset: number for number, offset in enumerate(self.published)}
        expected, gap = place[next(filter(place.__contains__, self.delivered))], False
        for item in self.items:
            if isinstance(item, Gap):
                gap = True
            elif item.offset in place:
                number = place[item.offset]
                assert number == expected or (gap and number > expected), f"{number} for {expected}, gap: {gap}"
                expected, gap = number + 1, False
        assert len(set(self.delivered)) == len(self.delivered)


@asynccontextmanager
async def witnessed(url: str, organization_id: str) -> AsyncIterator[Witness]:
    """Publish and follow while the context is open, each over a bus of its own."""
    witness = Witness(organization_id)
    async with open_redis_bus(url) as publisher, open_redis_bus(url) as subscriber, anyio.create_task_group() as tasks:
        tasks.start_soon(witness.follow, subscriber)
        tasks.start_soon(witness.publish, publisher)
        await witness.goes_on()
        yield witness
        tasks.cancel_scope.cancel()
