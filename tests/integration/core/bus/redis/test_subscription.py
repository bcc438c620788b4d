"""A subscription while Redis goes, comes back, drops connections, or carries what is no event."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import anyio
import pytest
from structlog.testing import capture_logs

from runcast_core.bus.bus import Delivery, Gap, Subscription
from runcast_core.bus.redis.bus import RedisBus, open_redis_bus
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.events import Event
from runcast_core.model.identifiers import events_channel
from tests.parts.conditions import until
from tests.parts.redis.server import MortalRedis, own_redis

EVENT = Event("execution-log", "t", b"{}")


@pytest.fixture
def mortal() -> Iterator[MortalRedis]:
    with MortalRedis(own_redis()[1]) as mortal:
        yield mortal


class Subscriber:
    """Reads a subscription and keeps what arrived."""

    def __init__(self, bus: RedisBus, subscription: Subscription) -> None:
        self.subscription = subscription
        self.items: list[Delivery | Gap] = []
        self._bus = bus

    async def read(self) -> None:
        async for together in self.subscription:
            self.items.extend(together)

    def heard(self, organization_id: str) -> bool:
        return any(isinstance(i, Delivery) and i.organization_id == organization_id for i in self.items)

    async def hears(self, organization_id: str) -> None:
        """Return once an event of the organization, published now, has arrived."""
        self.items.clear()
        while not self.heard(organization_id):
            with anyio.move_on_after(0.2):
                try:
                    await self._bus.publish(organization_id, EVENT)
                except BusUnavailable:
                    await anyio.sleep(0.05)
                    continue
                while not self.heard(organization_id):
                    await anyio.sleep(0.01)

    async def channels(self) -> set[str]:
        found = await self._bus.servers.execute("", "PUBSUB", "CHANNELS")
        return {name.decode() for name in found if not name.startswith(b"runcast:canary:")}


@asynccontextmanager
async def _subscriber(mortal: MortalRedis) -> AsyncIterator[Subscriber]:
    with anyio.fail_after(40):
        async with (
            open_redis_bus(mortal.url) as bus,
            bus.subscription() as subscription,
            anyio.create_task_group() as tasks,
        ):
            subscriber = Subscriber(bus, subscription)
            tasks.start_soon(subscriber.read)
            yield subscriber
            tasks.cancel_scope.cancel()


async def test_redis_need_not_be_there_yet(mortal: MortalRedis):
    """Whoever adds an organization waits; readiness is denied; all is well once Redis has come."""
    async with _subscriber(mortal) as subscriber:
        with anyio.move_on_after(0.3) as waited:
            await subscriber.subscription.add("a")
        assert waited.cancelled_caught
        with pytest.raises(BusUnavailable):
            subscriber.subscription.check()
        with mortal.running():
            await subscriber.subscription.add("a")
            subscriber.subscription.check()
            await subscriber.hears("a")


async def test_every_restart_is_a_gap_and_whoever_came_meanwhile_is_subscribed(mortal: MortalRedis):
    """Organizations come and go all the time; after each restart exactly what is wanted is subscribed."""
    async with _subscriber(mortal) as subscriber, anyio.create_task_group() as tasks:
        subscription = subscriber.subscription
        for restart in range(4):
            with mortal.running():
                await subscription.add("kept")
                for number in range(20):
                    tasks.start_soon(subscription.add, f"o{restart}-{number}")
                await subscription.add(f"late-{restart}")
                await subscriber.hears("kept")
            for number in range(20):
                subscription.remove(f"o{restart}-{number}")
            with anyio.move_on_after(0.2):  # while Redis is gone
                await subscription.add(f"gone-{restart}")
        with mortal.running():
            await until(lambda: Gap("kept") in subscriber.items)
            wanted = ["kept", *(f"{kind}-{restart}" for kind in ("late", "gone") for restart in range(4))]
            for organization_id in wanted:
                await subscriber.hears(organization_id)
            assert await subscriber.channels() == set(map(events_channel, wanted))


async def test_dropped_connections_leave_nobody_deaf(mortal: MortalRedis):
    """However often the connection breaks while organizations are added and removed and added again."""
    async with _subscriber(mortal) as subscriber, anyio.create_task_group() as tasks:
        subscription = subscriber.subscription

        async def come_and_go(organization_id: str) -> None:
            for _ in range(15):
                await subscription.add(organization_id)
                subscription.remove(organization_id)
            await subscription.add(organization_id)

        async def drop() -> None:
            while True:
                await subscriber._bus.servers.execute("", "CLIENT", "KILL", "TYPE", "pubsub")
                await anyio.sleep(0.02)

        with mortal.running():
            async with anyio.create_task_group() as users:
                tasks.start_soon(drop)
                for number in range(4):
                    users.start_soon(come_and_go, f"o{number}")
            tasks.cancel_scope.cancel()
            with anyio.CancelScope(shield=True), anyio.fail_after(20):
                for number in range(4):
                    await subscriber.hears(f"o{number}")
                expected = {events_channel(f"o{number}") for number in range(4)}
                assert await subscriber.channels() == expected


async def test_the_first_publish_after_a_restart_succeeds(mortal: MortalRedis):
    """A connection that died in the pool is noticed before it is used, as a publish is never tried twice."""
    async with open_redis_bus(mortal.url) as bus:
        for _ in range(2):
            with mortal.running():
                await bus.publish("a", EVENT)
            [pooled] = bus.servers.publisher.connection_pool._available_connections
            await until(pooled._reader.at_eof)


@pytest.mark.parametrize("junk", [b"", b"1-0", b"1-0 execution-log", b"1-0 \xff t {}"])
async def test_what_is_no_event_is_skipped_and_logged(mortal: MortalRedis, junk: bytes):
    """Whoever can publish to Redis cannot make a gateway deaf; what was said is not repeated."""
    with mortal.running(), capture_logs() as logs:
        async with _subscriber(mortal) as subscriber:
            await subscriber.subscription.add("a")
            await subscriber._bus.servers.execute("", "PUBLISH", events_channel("a"), junk)
            await subscriber.hears("a")
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["Message skipped, it is no event"]


async def test_a_refused_subscription_is_tried_again_slowly(mortal: MortalRedis):
    """An error of the configuration is said as one; once it is mended all is well."""
    with mortal.running(), capture_logs() as logs:
        async with _subscriber(mortal) as subscriber, anyio.create_task_group() as tasks:
            administrate = subscriber._bus.servers.execute
            await administrate("", "ACL", "SETUSER", "default", "resetchannels", "&runcast:canary:*")
            tasks.start_soon(subscriber.subscription.add, "a")
            refused = await until(lambda: [entry for entry in logs if entry["event"] == "Subscription refused"])
            assert (refused[0]["log_level"], refused[0]["reason"]) == ("error", "NoPermissionError")
            await administrate("", "ACL", "SETUSER", "default", "allchannels")
            await subscriber.hears("a")


async def test_what_was_read_of_a_removed_organization_is_not_taken(mortal: MortalRedis):
    """It may be wanted again later, and then begins anew."""
    with mortal.running(), anyio.fail_after(20):
        async with open_redis_bus(mortal.url) as bus, bus.subscription() as subscription:
            for organization_id in ("a", "b"):
                await subscription.add(organization_id)
                await bus.publish(organization_id, EVENT)
            await until(lambda: len(subscription._inbox._messages) >= 2)
            subscription.remove("a")
            await subscription.add("a")
            [delivery] = await anext(aiter(subscription))
            assert delivery.organization_id == "b"


async def test_who_is_removed_while_waiting_stops_waiting(mortal: MortalRedis):
    """Nobody waits for ever for an acknowledgement that is not wanted any more."""
    async with _subscriber(mortal) as subscriber, anyio.create_task_group() as tasks:
        tasks.start_soon(subscriber.subscription.add, "a")
        await anyio.wait_all_tasks_blocked()
        subscriber.subscription.remove("a")
        subscriber.subscription.remove("unknown")
