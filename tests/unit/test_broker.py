"""Which organizations a gateway is subscribed to, and for how long."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from prometheus_client import CollectorRegistry

from runcast_core.errors import BusUnavailable
from runcast_core.memory_bus import MemoryBus
from runcast_gateway import broker as broker_module
from runcast_gateway.broker import Broker
from runcast_gateway.hub import Hub
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.socket import Socket
from tests.unit.test_hub import Recorder, socket_of


class Rig:
    """A broker over the memory bus, and what its sockets were sent."""

    def __init__(self) -> None:
        self.bus = MemoryBus()
        metrics = GatewayMetrics(CollectorRegistry())
        self.hub = Hub(metrics)
        self.broker = Broker(self.bus, self.hub, metrics, linger_s=0.2)
        self.transport = Recorder()

    def joined(self, organization_id: str) -> Socket:
        socket = socket_of(organization_id, 1, self.transport)
        self.hub.join(socket)
        return socket

    @property
    def subscribed(self) -> set[str]:
        [subscription] = self.bus._subscriptions
        return subscription.organizations


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broker_module, "SWEEP_S", 0.02)


@asynccontextmanager
async def _relaying() -> AsyncIterator[Rig]:
    rig = Rig()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            await tasks.start(rig.broker.run)
            yield rig
            tasks.cancel_scope.cancel()


async def test_an_organization_is_dropped_a_while_after_its_last_socket_left():
    """Not while it has one, nor at once: whoever reconnects finds the subscription there."""
    async with _relaying() as rig:
        await rig.broker.subscribed("a")
        await rig.broker.subscribed("b")
        socket = rig.joined("a")
        while rig.subscribed != {"a"}:
            await anyio.sleep(0.01)
        rig.hub.leave(socket)
        left_at = anyio.current_time()
        while rig.subscribed:
            await anyio.sleep(0.01)
        assert anyio.current_time() - left_at >= 0.15
        await rig.broker.subscribed("a")
        assert rig.subscribed == {"a"}


async def test_sockets_that_could_not_wait_are_told_to_look_again(monkeypatch: pytest.MonkeyPatch):
    """Once, when the acknowledgement has come, however many they are."""
    async with _relaying() as rig:
        [subscription] = rig.bus._subscriptions
        acknowledged = anyio.Event()

        async def add(_organization_id: str) -> None:
            await acknowledged.wait()

        monkeypatch.setattr(subscription, "add", add)
        rig.joined("a")
        rig.broker.resync_once_subscribed("a")
        rig.broker.resync_once_subscribed("a")
        await anyio.wait_all_tasks_blocked()
        assert dict(rig.transport.sent) == {}
        acknowledged.set()
        await anyio.wait_all_tasks_blocked()
        assert dict(rig.transport.sent) == {"a1": ['2["resync",{"reason":"subscribed late"}]']}


async def test_it_is_ready_while_events_can_arrive():
    """Not before it runs, not while the subscription is interrupted, not after it ended."""
    async with _relaying() as rig:
        rig.broker.check()
        rig.bus.down = True
        with pytest.raises(BusUnavailable):
            rig.broker.check()
        rig.bus.down = False
    for broker in (rig.broker, Rig().broker):
        with pytest.raises(BusUnavailable, match="does not relay"):
            broker.check()
