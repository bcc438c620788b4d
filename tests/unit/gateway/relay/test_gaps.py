"""Gaps in the subscription: repaired in place from the journal, in order, or owned up to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from prometheus_client import CollectorRegistry

from runcast_core.bus.bus import Gap
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.events import EXECUTION_LOG, RESYNC, Event
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.relay.broker import Broker
from runcast_gateway.relay.revocations import Revocations
from tests.parts.connection import Recorder, hub_of, joined, log_line

EVENT = Event(EXECUTION_LOG, "t", b"{}")


class Rig:
    """A broker over the memory bus with one open room, and one socket in it."""

    def __init__(self) -> None:
        self.bus = MemoryBus()
        metrics = GatewayMetrics(CollectorRegistry())
        self.hub = hub_of()
        self.broker = Broker(self.bus, self.hub, Revocations(self.bus), metrics, linger_s=1000)

    async def open(self) -> None:
        await self.publish()
        await self.broker.opened("a")
        self.connection: Recorder = joined(self.hub, "a", recover=True).connection

    async def publish(self) -> str:
        return await self.bus.publish("a", EVENT)

    def lose(self) -> None:
        """Lose whatever waits to be taken."""
        [subscription] = self.bus._subscriptions
        for _ in range(subscription._receiver.statistics().current_buffer_used):
            subscription._receiver.receive_nowait()

    def arrives(self, *items) -> None:
        """Let it arrive together."""
        [subscription] = self.bus._subscriptions
        for item in items:
            subscription.sender.send_nowait(item)


@asynccontextmanager
async def _relaying() -> AsyncIterator[Rig]:
    rig = Rig()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            await tasks.start(rig.broker.run)
            await rig.open()
            yield rig
            tasks.cancel_scope.cancel()


async def test_a_gap_is_filled_from_the_journal():
    """Nothing is missing or twice, nobody is told; what arrives meanwhile comes after it."""
    async with _relaying() as rig:
        missed = [await rig.publish() for _ in range(3)]
        rig.lose()
        rig.bus.interrupt()
        last = await rig.publish()
        while last not in rig.connection.offsets:
            await anyio.wait_all_tasks_blocked()
        assert rig.connection.offsets == [*missed, last]
        assert rig.connection.names == [EXECUTION_LOG] * 4


async def test_a_gap_of_which_the_journal_lost_a_part_is_a_resync():
    """And what follows is live again."""
    async with _relaying() as rig:
        for _ in range(3):
            await rig.publish()
        rig.lose()
        rig.bus.forget("a", 2)
        rig.bus.interrupt()
        while rig.connection.names != [RESYNC]:
            await anyio.wait_all_tasks_blocked()
        last = await rig.publish()
        while last not in rig.connection.offsets:
            await anyio.wait_all_tasks_blocked()
        assert rig.connection.offsets == [last]


async def test_what_came_before_a_gap_does_not_hide_what_follows_it():
    """Redis failed over to a replica whose offsets are behind; both were read at one time."""
    async with _relaying() as rig:
        rig.bus.epoch = "another"
        rig.arrives(log_line("900-0"), Gap("a"))
        while RESYNC not in rig.connection.names:
            await anyio.wait_all_tasks_blocked()
        last = await rig.publish()
        while last not in rig.connection.offsets:
            await anyio.wait_all_tasks_blocked()
        assert rig.connection.names == [RESYNC, EXECUTION_LOG]
