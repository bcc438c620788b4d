"""Connection state recovery with the official JavaScript client as it is: nothing missing, nothing twice, in order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from runcast_core.bus.redis.bus import RedisBus
from runcast_core.model.events import MARK
from runcast_core.model.identifiers import new_id
from tests.e2e.dashboard import javascript, python
from tests.e2e.recovering import Publisher, Watcher, watcher
from tests.parts.balancer import Balancer, balanced
from tests.parts.installation import Installation

pytestmark = pytest.mark.usefixtures("javascript_client")


class Scene:
    """A client that recovers behind a balancer, and a publisher of its organization."""

    def __init__(self, balancer: Balancer, client: Watcher, publisher: Publisher) -> None:
        self.balancer = balancer
        self.client = client
        self.publisher = publisher

    async def come_back(self, times: int = 2) -> None:
        self.balancer.cut()
        await self.client.connected(times)

    async def has_all(self) -> None:
        await self.client.until(lambda c: len(c.numbers) >= len(self.publisher.numbers))
        assert self.client.numbers == self.publisher.numbers


@asynccontextmanager
async def _scene(installation: Installation, bus: RedisBus, **auth) -> AsyncIterator[Scene]:
    organization = new_id()
    async with (
        balanced(*installation.gateways) as balancer,
        watcher(balancer.url, installation.token(organization), **auth) as client,
    ):
        yield Scene(balancer, client, Publisher(bus, organization))


@pytest.mark.parametrize("elsewhere", [False, True], ids=["same", "other"])
async def test_a_cut_connection_is_recovered(installation: Installation, redis_bus: RedisBus, elsewhere: bool):
    """By the same gateway and by the other, again and again, with the same pid."""
    async with _scene(installation, redis_bus) as scene:
        await scene.publisher.publish(3)
        await scene.has_all()
        for times in (2, 3, 4):
            if elsewhere:
                scene.balancer.turn()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(scene.publisher.publish, 20)
                await scene.come_back(times)
            assert scene.client.recovered
            await scene.has_all()
        assert [c[0] for c in scene.client.connections] == [False, True, True, True]
        assert len({c[1] for c in scene.client.connections}) == 1
        assert scene.client.of("resync") == []


async def test_it_works_before_the_first_event(installation: Installation, redis_bus: RedisBus):
    """Nothing was published ever, and what is published in between is not missed."""
    async with _scene(installation, redis_bus) as scene:
        await scene.come_back(2)
        assert scene.client.recovered
        targets, scene.balancer.targets = scene.balancer.targets, []
        scene.balancer.cut()
        await scene.client.until(lambda c: len(c.of("disconnect")) == 2)
        await scene.publisher.publish(5)
        scene.balancer.targets = targets[::-1]
        await scene.client.connected(3)
        assert scene.client.recovered
        await scene.has_all()


async def test_a_long_absence_is_recovered_by_pages(installation: Installation, redis_bus: RedisBus):
    """By a gateway that has the room open, and by one that opens it only now; what is live follows."""
    async with _scene(installation, redis_bus) as scene:
        await scene.publisher.publish()
        await scene.has_all()
        for times in (2, 3):
            targets, scene.balancer.targets = scene.balancer.targets, []
            scene.balancer.cut()
            await scene.client.until(lambda c, t=times: len(c.of("disconnect")) == t - 1)
            await scene.publisher.publish(950)
            scene.balancer.targets = targets[::-1]
            async with scene.publisher.publishing(3):
                await scene.client.connected(times)
                await scene.client.until(lambda c, t=times: len(c.numbers) > 1000 * (t - 1))
            assert scene.client.recovered
            await scene.has_all()
        assert scene.client.of("resync") == []


async def test_a_client_that_watches_one_execution_is_recovered(installation: Installation, redis_bus: RedisBus):
    """While 12,000 events of others pass, more than a journal holds: marks keep it in."""
    async with _scene(installation, redis_bus, watch=["mine"]) as scene:
        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(_others, scene, 1500)
        await scene.client.until(lambda c: len(c.of(MARK)) >= 4)
        scene.balancer.turn()
        await scene.come_back(2)
        assert scene.client.recovered
        await scene.publisher.publish(2, task_id="mine")
        await scene.publisher.publish_state()
        await scene.client.until(lambda c: len(c.numbers) == 3)
        assert scene.client.numbers == scene.publisher.numbers[-3:]
        assert scene.client.of("resync") == []


async def _others(scene: Scene, count: int) -> None:
    await scene.publisher.publish(count, task_id="other")


async def test_who_watches_is_replayed_only_that(installation: Installation, redis_bus: RedisBus):
    """And the states of all; what it skipped last moves its offset."""
    async with _scene(installation, redis_bus, watch=["mine"]) as scene:
        targets, scene.balancer.targets = scene.balancer.targets, []
        scene.balancer.cut()
        await scene.client.until(lambda c: c.of("disconnect"))
        for _ in range(60):
            await scene.publisher.publish(2, task_id="other")
            await scene.publisher.publish(1, task_id="mine")
        await scene.publisher.publish_state()
        await scene.publisher.publish(150, task_id="other")
        scene.balancer.targets = targets
        await scene.client.connected(2)
        await scene.client.until(lambda c: c.of(MARK))
        assert scene.client.recovered
        assert scene.client.numbers == [*range(2, 180, 3), 180]


async def test_a_client_that_asks_for_nothing_gets_one_argument(installation: Installation, redis_bus: RedisBus):
    """JavaScript's and Python's: a handler with one parameter would fail on an offset. No pid, no marks either."""
    organization = new_id()
    publisher = Publisher(redis_bus, organization)
    auth = {"token": installation.token(organization)}
    url, other = installation.gateways
    async with (
        balanced(url) as balancer,
        javascript(balancer.url, auth=auth) as first,
        javascript(other, auth={**auth, "recover": "yes"}, transports=["websocket"]) as second,
        python(other, auth=auth, transports=["websocket"]) as third,
    ):
        for client in (first, second, third):
            await client.until(lambda d: d.of("auth-success"))
        await publisher.publish(30)
        await publisher.publish_state()
        balancer.cut()
        await first.until(lambda d: len(d.of("auth-success")) == 2)
        await publisher.publish_state()
        for client in (first, second, third):
            await client.until(lambda d: d.of("execution-updated"))
            assert all(isinstance(data, dict) for _, data in client.events)
            assert {name for name, _ in client.events} <= {"auth-success", "execution-log", "execution-updated"}
