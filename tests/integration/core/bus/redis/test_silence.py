"""Redis that hangs without hanging up: only a canary that does not come back tells of it."""

import signal
from collections.abc import Iterator

import anyio
import pytest
from anyio.abc import SocketAttribute, SocketStream

from runcast_core.bus.bus import Delivery, Gap, Subscription
from runcast_core.bus.redis import listener as redis_listener
from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.events import mark
from tests.parts.conditions import until
from tests.parts.redis.proxy import proxied
from tests.parts.redis.server import MortalRedis, own_redis


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_listener, "CANARY_S", 0.2)


@pytest.fixture
def mortal() -> Iterator[MortalRedis]:
    with MortalRedis(own_redis()[1]) as mortal:
        yield mortal


async def _until_ready(subscription: Subscription, ready: bool) -> None:
    await until(lambda: _ready(subscription) == ready)


def _ready(subscription: Subscription) -> bool:
    try:
        subscription.check()
    except BusUnavailable:
        return False
    return True


async def test_a_stalled_server_is_noticed(mortal: MortalRedis):
    """Its connections stay open and nothing comes: readiness is denied until it goes on, which is a gap."""
    with mortal.running() as server, anyio.fail_after(20):
        async with open_redis_bus(mortal.url) as bus, bus.subscription() as subscription:
            await subscription.add("a")
            subscription.check()
            server.send_signal(signal.SIGSTOP)
            try:
                await _until_ready(subscription, False)
                with anyio.move_on_after(1):
                    await _until_ready(subscription, True)
                assert not _ready(subscription)
            finally:
                server.send_signal(signal.SIGCONT)
            assert await anext(aiter(subscription)) == [Gap("a")]
            await _until_ready(subscription, True)


async def test_a_half_open_connection_is_made_again(mortal: MortalRedis):
    """A host between that lost its state forwards nothing on what there was, and everything on what is new."""
    with mortal.running(), anyio.fail_after(20):
        async with (
            proxied(mortal.port) as proxy,
            open_redis_bus(proxy.url) as bus,
            open_redis_bus(mortal.url) as publisher,
            bus.subscription() as subscription,
        ):
            await subscription.add("a")
            proxy.freeze()
            await publisher.publish("a", mark())
            batches = aiter(subscription)
            assert await anext(batches) == [Gap("a")]
            await publisher.publish("a", mark())
            assert [type(item) for item in await anext(batches)] == [Delivery]
            await _until_ready(subscription, True)


async def test_a_server_that_confirms_nothing_is_left():
    """It takes connections and greets them, and that is all."""
    connections = 0

    async def greet(client: SocketStream) -> None:
        nonlocal connections
        connections += 1
        async with client:
            async for data in client:
                await client.send(b"+OK\r\n" * data.count(b"SETINFO"))

    listening = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listening as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, greet)
        url = f"redis://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        with anyio.fail_after(10):
            async with open_redis_bus(url) as bus, bus.subscription() as subscription:
                await until(lambda: connections >= 3)
                assert not _ready(subscription)
        tasks.cancel_scope.cancel()


async def test_a_quiet_server_is_not_dropped(mortal: MortalRedis):
    """Canaries come back over it, and nobody sees them."""
    with mortal.running(), anyio.fail_after(20):
        async with open_redis_bus(mortal.url) as bus, bus.subscription() as subscription:
            await subscription.add("a")
            with anyio.move_on_after(1) as waited:
                await anext(aiter(subscription))
            assert waited.cancelled_caught
            subscription.check()


async def test_whoever_does_not_take_is_not_dropped(mortal: MortalRedis, monkeypatch: pytest.MonkeyPatch):
    """A full inbox stops the reading, canaries included; Redis is well."""
    monkeypatch.setattr("runcast_core.bus.redis.inbox.MAX_MESSAGES", 10)
    with mortal.running(), anyio.fail_after(20):
        async with open_redis_bus(mortal.url) as bus, bus.subscription() as subscription:
            await subscription.add("a")
            offsets = [await bus.publish("a", mark()) for _ in range(100)]
            with anyio.move_on_after(1):
                await _until_ready(subscription, False)
            subscription.check()
            received: list[Delivery | Gap] = []
            async for together in subscription:
                received += together
                if len(received) >= 100:
                    break
    assert [item.offset for item in received if isinstance(item, Delivery)] == offsets


async def test_a_canary_that_cannot_be_published_makes_it_deaf(mortal: MortalRedis):
    """Connections that are accepted and answered do not count while nothing that is published comes."""
    with mortal.running(), anyio.fail_after(20):
        async with open_redis_bus(mortal.url) as bus, bus.subscription() as subscription:
            await subscription.add("a")
            await bus.servers.execute("", "ACL", "SETUSER", "default", "-publish")
            await _until_ready(subscription, False)
            with anyio.move_on_after(1):
                await _until_ready(subscription, True)
            assert not _ready(subscription)
            await bus.servers.execute("", "ACL", "SETUSER", "default", "+publish")
            await _until_ready(subscription, True)
