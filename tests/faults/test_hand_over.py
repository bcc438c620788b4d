"""From replay to live under six publishers, with second pages and evicted rings, over both buses."""

import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import anyio
import pytest

from runcast_core.bus.bus import Delivery
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.bus.redis.bus import open_redis_bus
from runcast_gateway.protocol import recovery as recovery_module
from runcast_gateway.protocol.recovery import Recovery
from runcast_gateway.relay import room as room_module
from runcast_gateway.relay.offset import parse_offset
from runcast_gateway.relay.ring import Ring
from runcast_gateway.relay.room import Room
from runcast_gateway.relay.socket import Socket
from tests.faults.hand_over import EVENT, Experiment, Moments, interrupt_memory
from tests.parts.redis.server import MortalRedis, own_redis
from tests.parts.redis.told import note_told

SEEDS = range(int(os.environ.get("RUNCAST_CHAOS_RUNS", "3")))
"""`make chaos` sets more."""


class ReplayThenJoin(Recovery):
    """What is simpler, and loses what is published between the last page and the joining."""

    async def replay(self, socket: Socket, room: Room, entries: Sequence[Delivery]) -> None:
        room.write(socket, entries[1:])
        while len(entries) == recovery_module.PAGE:
            entries = await self._page(room, entries[-1].offset) or ()
            room.write(socket, entries[1:])
        room.join(socket)


class JoinThenReplay(Recovery):
    """What is simpler, and brings live events before older ones, and some twice."""

    async def replay(self, socket: Socket, room: Room, entries: Sequence[Delivery]) -> None:
        room.join(socket)
        room.write(socket, entries[1:])
        while len(entries) == recovery_module.PAGE:
            entries = await self._page(room, entries[-1].offset) or ()
            room.write(socket, entries[1:])


@asynccontextmanager
async def _over_memory(moments: Moments, **options) -> AsyncIterator[Experiment]:
    bus = MemoryBus()
    yield Experiment(bus, moments, partial(interrupt_memory, bus, moments), **options)


@asynccontextmanager
async def _over_redis(moments: Moments, **options) -> AsyncIterator[Experiment]:
    with MortalRedis(own_redis()[1]) as mortal, mortal.running():
        async with open_redis_bus(mortal.url) as bus:
            await note_told(bus)

            async def interrupt() -> None:
                await bus.servers.execute("", "CLIENT", "KILL", "TYPE", "pubsub")

            yield Experiment(bus, moments, interrupt, **options)


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Make pages and rings so small that both are exceeded all the time; count how hand-overs went."""
    counted = {"joined": 0, "second page": 0}
    hand_over = Room.hand_over

    def counting(room: Room, socket: Socket, after: tuple[int, int]) -> bool:
        joined = hand_over(room, socket, after)
        counted["joined" if joined else "second page"] += 1
        return joined

    monkeypatch.setattr(recovery_module, "PAGE", 10)
    monkeypatch.setattr(room_module, "Ring", partial(Ring, max_entries=8))
    monkeypatch.setattr(Room, "hand_over", counting)
    return counted


@pytest.mark.parametrize("over", [_over_memory, _over_redis], ids=["memory", "redis"])
@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_is_missing_or_twice(over: Callable, seed: int, narrow: dict[str, int]):
    """Whatever the moment at which a client comes back, and however often the subscription breaks."""
    async with over(Moments(seed)) as experiment:
        await experiment.run()
    assert experiment.wrong() == 0
    assert sum(client.refused for client in experiment.clients) == 0
    assert [client.told for client in experiment.clients if client.told] == []
    assert experiment.sessions > 250
    assert narrow["joined"] > 100
    assert narrow["second page"] > 100


@pytest.mark.parametrize("simpler", [ReplayThenJoin, JoinThenReplay])
async def test_the_experiment_sees_what_simpler_ways_do(simpler: type[Recovery], narrow: dict[str, int]):
    """Else that it finds nothing would say nothing. At a pace at which stalls count, however slow the machine is."""
    async with _over_memory(Moments(0, pace=4), recovery=simpler) as experiment:
        await experiment.run()
    assert experiment.wrong() > len(experiment.clients) / 4
    assert narrow["joined"] == 0


async def test_a_page_that_ends_before_the_room_began_is_not_the_last(monkeypatch: pytest.MonkeyPatch):
    """The room of the first socket knows nothing of what was published before its subscription."""
    monkeypatch.setattr(recovery_module, "PAGE", 10)
    bus = MemoryBus()
    experiment = Experiment(bus, Moments(0), anyio.sleep_forever, events=0, clients=1)
    [client] = experiment.clients
    first = await bus.publish("o", EVENT)
    client.pid, client.offset, client.start = f"{bus.epoch}.o.u.n", first, first
    experiment.published += [first, *[await bus.publish("o", EVENT) for _ in range(35)]]
    async with anyio.create_task_group() as tasks:
        await tasks.start(experiment._broker.run)
        await experiment._connected(client, experiment._session(client))
        tasks.cancel_scope.cancel()
    assert client.refused == 0
    assert experiment.wrong() == 0
    assert parse_offset(client.received[-1]) == experiment.hub.room("o").last
