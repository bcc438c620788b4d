"""One contract suite over the memory bus and the real one; then what is Redis's own."""

from collections.abc import Awaitable, Callable

import anyio
import pytest

from runcast_core.bus.bus import Bus, Delivery, Gap, Signal, SignalKind
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.bus.redis.bus import RedisBus, open_redis_bus
from runcast_core.model.accounts import Role
from runcast_core.model.credentials import ApiKey
from runcast_core.model.errors import BusUnavailable, InvalidInput, SettingError
from runcast_core.model.events import Event, resync
from runcast_core.model.identifiers import CONTROL_CHANNEL, new_id
from tests.parts.buses import command
from tests.parts.conditions import until
from tests.parts.redis.server import MortalRedis, own_redis
from tests.parts.redis.told import note_told


def _event(number: int) -> Event:
    return Event("execution-log", f"task-{number}", b'{"n":%d}' % number)


async def test_a_subscriber_sees_its_organization_in_order_with_the_journals_offsets(bus: Bus):
    """What is published after an acknowledged subscription arrives, in order, and the journal holds the same."""
    a, b = new_id(), new_id()
    received: list[Delivery | Gap] = []
    async with bus.subscription() as subscription, anyio.create_task_group() as tasks:

        async def read() -> None:
            async for together in subscription:
                received.extend(together)
                if len(received) == 20:
                    tasks.cancel_scope.cancel()

        tasks.start_soon(read)
        with anyio.fail_after(5):
            await subscription.add(a)
            await subscription.add(a)
            for number in range(20):
                await bus.publish(b, _event(-1))
                await bus.publish(a, _event(number))
            await anyio.sleep_forever()
    assert [item.event for item in received if isinstance(item, Delivery)] == [_event(n) for n in range(20)]
    assert (await bus.read_journal(a)).entries == received
    assert (await bus.read_journal(a, start=received[5].offset, count=2)).entries == received[5:7]


async def test_what_arrived_together_is_yielded_together(bus: Bus):
    """Whoever relays writes once for all of it; nothing waits for more to come."""
    a, b = new_id(), new_id()
    async with bus.subscription() as subscription:
        with anyio.fail_after(5):
            await subscription.add(a)
            await subscription.add(b)
            for number in range(30):
                await bus.publish((a, b)[number % 2], _event(number))
            batches, taken = aiter(subscription), 0
            received: list[Delivery | Gap] = []
            while len(received) < 30:
                received += await anext(batches)
                taken += 1
    for number, organization in enumerate((a, b)):  # of which no order is promised between them
        events = [i.event for i in received if isinstance(i, Delivery) and i.organization_id == organization]
        assert events == [_event(n) for n in range(number, 30, 2)]
    assert taken < 10


async def test_a_removed_organization_is_no_longer_delivered(bus: Bus):
    """After `remove`, only the other organization's events arrive."""
    a, b = new_id(), new_id()
    async with bus.subscription() as subscription, anyio.create_task_group() as tasks:
        items: list[Delivery | Gap] = []
        done = anyio.Event()

        async def read() -> None:
            async for together in subscription:
                items.extend(together)
                done.set()

        tasks.start_soon(read)
        with anyio.fail_after(5):
            await subscription.add(a)
            await subscription.add(b)
            subscription.remove(a)
            await bus.publish(a, _event(1))
            await bus.publish(b, _event(2))
            await done.wait()
        tasks.cancel_scope.cancel()
    assert [item.event for item in items] == [_event(2)]


async def test_signals_reach_listeners(bus: Bus):
    """A signal sent after listening began is yielded as it was."""
    signal = Signal(SignalKind.CANCEL, "org", "task")
    with anyio.fail_after(5):
        async with bus.signals() as signals, anyio.create_task_group() as tasks:

            async def send() -> None:
                while True:
                    await bus.signal(signal)
                    await anyio.sleep(0.05)

            tasks.start_soon(send)
            assert await anext(signals) == signal
            tasks.cancel_scope.cancel()


@pytest.mark.parametrize("organization_id", ["", "a}b", "a{b", "a/b", "a b", "x" * 65, None, 7])
async def test_an_organization_id_cannot_break_out_of_its_channel(bus: Bus, organization_id):
    """Whatever is not an organization id is refused before Redis sees it."""
    with pytest.raises(InvalidInput):
        await bus.publish(organization_id, resync("test"))


async def test_a_switched_off_memory_bus_raises():
    """The fake fails as a dead Redis does."""
    bus = MemoryBus()
    bus.down = True
    with pytest.raises(BusUnavailable):
        await bus.publish("org", _event(1))


async def test_the_memory_bus_shows_a_gap():
    """`interrupt` yields a gap for each subscribed organization."""
    bus = MemoryBus()
    async with bus.subscription() as subscription:
        await subscription.add("org")
        bus.interrupt()
        assert await anext(aiter(subscription)) == [Gap("org")]


async def test_an_interrupted_subscription_shows_a_gap_and_goes_on(redis_bus: RedisBus):
    """When Redis drops the connection, the stream yields a gap, then live events again."""
    organization = new_id()
    items: list[Delivery | Gap] = []
    async with redis_bus.subscription() as subscription, anyio.create_task_group() as tasks:
        arrived = anyio.Event()

        async def read() -> None:
            nonlocal arrived
            async for together in subscription:
                items.extend(together)
                arrived.set()

        tasks.start_soon(read)
        with anyio.fail_after(10):
            await subscription.add(organization)
            await command(redis_bus, "CLIENT", "KILL", "TYPE", "pubsub")
            await arrived.wait()
            arrived = anyio.Event()
            await redis_bus.publish(organization, _event(1))
            await arrived.wait()
        tasks.cancel_scope.cancel()
    assert items[0] == Gap(organization)
    assert [item.event for item in items[1:]] == [_event(1)]


async def _follow_through_a_gap(bus: Bus, interrupt: Callable[[], Awaitable[object]]) -> None:
    organization = new_id()
    relayed: list[Delivery | Gap] = []
    async with bus.subscription() as subscription, anyio.create_task_group() as tasks:
        with anyio.fail_after(10):
            await subscription.add(organization)
            before = [await bus.publish(organization, _event(number)) for number in range(5)]
            await interrupt()
            relayed += await subscription.until_gap(relayed.extend)
            assert relayed.count(Gap(organization)) == 1
            tasks.start_soon(subscription.until_gap, relayed.extend)
            await subscription.add(organization)
            after = [await bus.publish(organization, _event(number)) for number in range(5)]
            await until(lambda: after[-1] in _offsets(relayed))
            tasks.cancel_scope.cancel()
    assert _offsets(relayed) == before + after


def _offsets(items: list[Delivery | Gap]) -> list[str]:
    return [item.offset for item in items if isinstance(item, Delivery)]


async def test_who_relays_is_called_until_there_is_a_gap(redis_bus: RedisBus):
    """In order; the gap, and what came with it, are returned, and what comes after it is for the next call."""
    await _follow_through_a_gap(redis_bus, lambda: command(redis_bus, "CLIENT", "KILL", "TYPE", "pubsub"))


async def test_who_relays_from_the_memory_bus_is_called_until_there_is_a_gap():
    """As from Redis."""
    bus = MemoryBus()

    async def interrupt() -> None:
        bus.interrupt()

    await _follow_through_a_gap(bus, interrupt)


async def test_a_dead_redis_is_unavailable():
    """Every verb raises `BusUnavailable`, quickly, and no URL or password is in the message."""
    async with open_redis_bus("redis://:secret@127.0.0.1:1/0") as bus:
        for verb in (
            bus.ping(),
            bus.publish("org", _event(1)),
            bus.broadcast(_event(1)),
            bus.signal(Signal(SignalKind.WAKE)),
            bus.read_journal("org"),
            bus.journal_tail("org"),
            bus.keep_journals(["org"]),
        ):
            with pytest.raises(BusUnavailable) as caught:
                await verb
            assert "secret" not in caught.value.message


async def test_what_is_no_signal_is_skipped(redis_bus: RedisBus):
    """Anybody can publish anything on the control channel; runners listen on."""
    async with redis_bus.signals() as signals:
        await anyio.wait_all_tasks_blocked()
        for junk in (b"no json", b"[]", b'{"kind": "wake"}', b'{"kind": "dance", "organizationId": "", "taskId": ""}'):
            await command(redis_bus, "PUBLISH", CONTROL_CHANNEL, junk)
        await redis_bus.signal(Signal(SignalKind.WAKE))
        with anyio.fail_after(5):
            assert await anext(signals) == Signal(SignalKind.WAKE)


async def test_a_user_of_few_permissions_is_enough():
    """Those that docs/architecture.md tells to give."""
    commands = (
        "eval evalsha xadd xtrim xlen xrange xrevrange expire memory|usage info ping publish subscribe unsubscribe "
        "time hget hset hsetnx hdel hlen hgetall pttl pexpire get set"
    )
    allowed = ["~runcast:*", "&runcast:*", "&socketio", *(f"+{command}" for command in commands.split())]
    with MortalRedis(own_redis()[1]) as mortal, mortal.running(), anyio.fail_after(10):
        async with open_redis_bus(mortal.url) as administrator:
            await command(administrator, "ACL", "SETUSER", "runcast", "on", ">secret", "-@all", *allowed)
        async with (
            open_redis_bus(f"redis://runcast:secret@127.0.0.1:{mortal.port}") as bus,
            bus.subscription() as subscription,
            bus.signals() as signals,
        ):
            await bus.ping()
            await subscription.add("a")
            tail = await bus.journal_tail("a")
            await bus.publish("a", _event(1))
            await bus.keep_journals(["a"])
            await bus.tell_key("a" * 64, ApiKey("a" * 24, "a", Role.VIEWER, 1))
            assert await bus.known_key("a" * 64) is not None
            await bus.forget_key("a" * 24)
            assert len((await bus.read_journal("a", start=tail.offset)).entries) == 2
            await bus.broadcast(_event(2))
            await bus.signal(Signal(SignalKind.WAKE))
            assert await anext(signals) == Signal(SignalKind.WAKE)
            assert len(await anext(aiter(subscription))) >= 1
            subscription.remove("a")
            await note_told(bus)
            await bus.revoke("a", "u", 1000, 60)
            assert await bus.revocations("a") == {"u": 1000}
            assert await bus.told_ago_ms() is not None
            await bus.note_presence("g", {"a": {"u": 1}})
            assert (await bus.presence("a")).sockets == 1


async def test_another_url_is_a_setting_error():
    """A URL of no Redis names the variable."""
    with pytest.raises(SettingError, match="REDIS_URL"):
        async with open_redis_bus("http://example.com"):
            pass
