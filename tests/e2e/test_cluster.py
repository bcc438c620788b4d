"""Gateways on a Redis Cluster: relay, recovery, a slot that moves and a node that dies, seen by official clients."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import anyio
import pytest
from redis.crc import key_slot

from runcast_core.bus.redis.bus import RedisBus, open_redis_bus
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.identifiers import journal_key, new_id
from tests.e2e.recovering import Publisher, Watcher, watcher
from tests.parts.balancer import Balancer, balanced
from tests.parts.conditions import until
from tests.parts.installation import Installation, started_installation
from tests.parts.redis.cluster import MASTERS, SLOTS, Cluster, running_cluster

pytestmark = pytest.mark.usefixtures("javascript_client")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="module")
def installation(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp("cluster")
    with started_installation(cluster.url, directory, runners=()) as installation:
        yield installation


def _organization_at(master: int) -> str:
    """Return a new organization that a master serves."""
    while True:
        organization = new_id()
        if key_slot(journal_key(organization).encode()) * MASTERS // SLOTS == master:
            return organization


@asynccontextmanager
async def _scene(
    installation: Installation, bus: RedisBus, organization: str
) -> AsyncIterator[tuple[Balancer, Watcher, Publisher]]:
    async with (
        balanced(*installation.gateways) as balancer,
        watcher(balancer.url, installation.token(organization)) as client,
    ):
        yield balancer, client, Publisher(bus, organization)


async def _has_all(client: Watcher, publisher: Publisher) -> None:
    await client.until(lambda c: len(c.numbers) >= len(publisher.numbers))
    assert client.numbers == publisher.numbers


@pytest.mark.parametrize("master", range(MASTERS))
async def test_events_of_every_node_are_relayed_and_recovered(
    cluster: Cluster, installation: Installation, master: int
):
    """On the other gateway, each event once and in order; another organization's client sees none of them."""
    organization, other = _organization_at(master), _organization_at((master + 1) % MASTERS)
    async with open_redis_bus(cluster.url) as bus, _scene(installation, bus, organization) as scene:
        balancer, client, publisher = scene
        async with watcher(installation.gateways[0], installation.token(other)) as stranger:
            await publisher.publish(20)
            await _has_all(client, publisher)
            async with publisher.publishing(2):
                balancer.turn()
                balancer.cut()
                await client.connected(2)
            assert client.recovered
            await _has_all(client, publisher)
            assert stranger.numbers == []


async def test_a_slot_moves_under_a_dashboard(cluster: Cluster, installation: Installation):
    """It misses nothing, or is told to read again; then it goes on, and recovers."""
    organization = _organization_at(1)
    slot = key_slot(journal_key(organization).encode())
    async with open_redis_bus(cluster.url) as bus, _scene(installation, bus, organization) as scene:
        balancer, client, publisher = scene
        await publisher.publish(5)
        steps = cluster.move(slot, cluster.nodes[1], cluster.nodes[2])
        while await anyio.to_thread.run_sync(lambda: next(steps, None)):
            await publisher.publish(5)
        await _complete_or_told(client, publisher)
        balancer.cut()
        await client.connected(2)
        await publisher.publish(5)
        await _complete_or_told(client, publisher)


async def test_a_node_dies_under_a_dashboard(cluster: Cluster, installation: Installation):
    """Its replica takes over: `resync` announces what the dashboard missed, and live events go on by themselves."""
    organization = _organization_at(0)
    async with open_redis_bus(cluster.url) as bus, _scene(installation, bus, organization) as scene:
        balancer, client, publisher = scene
        await publisher.publish(5)
        await _has_all(client, publisher)
        await anyio.to_thread.run_sync(cluster.nodes[0].kill)
        await _publishes_again(publisher)
        await client.until(lambda c: c.of("resync"), 30)
        last = len(client.numbers)
        await publisher.publish(5)
        await client.until(lambda c: len(c.numbers) >= last + 5)
        balancer.cut()
        await client.connected(2)
        await publisher.publish(1)
        await client.until(lambda c: c.numbers and c.numbers[-1] == publisher.numbers[-1])
        assert len(set(client.numbers)) == len(client.numbers)


async def _complete_or_told(client: Watcher, publisher: Publisher) -> None:
    """Live events go on; each came once and in order, and one that did not come was followed by `resync`."""

    async def up_to_date() -> bool:
        await publisher.publish(1)
        with anyio.move_on_after(0.1):
            await client.until(lambda _: client.numbers[-1:] == publisher.numbers[-1:])
            return True
        return False

    await until(up_to_date)
    assert client.numbers == sorted(set(client.numbers))
    assert client.numbers == publisher.numbers or client.of("resync")


async def _publishes_again(publisher: Publisher) -> None:
    """Return once the cluster takes events again, having failed over by itself."""

    async def published() -> bool:
        try:
            await publisher.publish(1)
        except BusUnavailable:
            return False
        return True

    await until(published, 30)
