"""A cluster while slots move and a node dies: what is missing is in a gap, nothing comes twice."""

import math
from collections.abc import Iterator

import anyio
import pytest
from redis.asyncio.cluster import ClusterNode as BusClusterNode
from redis.crc import key_slot

from runcast_core.bus.bus import Gap
from runcast_core.bus.redis import cluster as redis_cluster
from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.bus.redis.cluster import ClusterRedis
from runcast_core.bus.redis.listener import Listener
from runcast_core.bus.redis.subscription import RedisSubscription
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.events import mark
from runcast_core.model.identifiers import events_channel, journal_key, new_id
from tests.parts.buses import Witness, witnessed
from tests.parts.conditions import until
from tests.parts.part import reserved_port
from tests.parts.redis.cluster import MASTERS, SLOTS, Cluster, ClusterNode, running_cluster
from tests.parts.redis.proxy import proxied


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What moved has to be noticed by itself."""
    monkeypatch.setattr(ClusterRedis, "refresh_s", math.inf)


def _organization_at(master: int) -> tuple[str, int]:
    """Return a new organization that a master serves, and its slot."""
    while True:
        organization = new_id()
        slot = key_slot(journal_key(organization).encode())
        if slot * MASTERS // SLOTS == master:
            return organization, slot


async def _move(cluster: Cluster, slot: int, source: ClusterNode, target: ClusterNode, *witnesses: Witness) -> None:
    """Move a slot; those who publish go on doing so after each step."""
    steps = cluster.move(slot, source, target)
    while await anyio.to_thread.run_sync(lambda: next(steps, None)):
        for witness in witnesses:
            await witness.publishes(20)


async def _subscribed(cluster: Cluster, organization_id: str) -> list[ClusterNode]:
    """Return the nodes that have a subscriber of the organization."""
    words = "PUBSUB", "SHARDNUMSUB", events_channel(organization_id)
    running = [node for node in cluster.nodes if node.process.poll() is None]
    answers = [(node, await anyio.to_thread.run_sync(node.command, *words)) for node in running]
    return [node for node, (_, count) in answers if count]


async def test_a_slot_moves_under_publishers_and_subscribers(cluster: Cluster):
    """To a node that served none yet: no publish fails on the way; the subscription follows, with a gap."""
    organization, slot = _organization_at(1)
    source, target = cluster.nodes[1], cluster.nodes[4]
    with anyio.fail_after(30):
        async with witnessed(cluster.url, organization) as witness:
            await _move(cluster, slot, source, target, witness)
            await witness.has_gap()
            await witness.goes_on()
            assert await _subscribed(cluster, organization) == [target]
    witness.account()
    assert witness.failed == set()


async def test_an_organization_that_moved_unseen_is_found(cluster: Cluster):
    """Whoever asks the node that had it is sent on, as a publisher and as a subscriber."""
    (seen, _), (moved, slot) = _organization_at(1), _organization_at(1)
    with anyio.fail_after(20):
        async with open_redis_bus(cluster.url) as bus, bus.subscription() as subscription:
            await subscription.add(seen)
            await _move(cluster, slot, cluster.nodes[1], cluster.nodes[2])
            await subscription.add(moved)
            await bus.publish(moved, mark())
            assert await _subscribed(cluster, moved) == [cluster.nodes[2]]
            assert [item.organization_id for item in await anext(aiter(subscription))] == [moved]


async def test_a_url_of_one_server_is_told_of_the_cluster(cluster: Cluster):
    """It answers, but for other organizations than most."""
    organization, _ = _organization_at(1)
    async with open_redis_bus(f"redis://{cluster.nodes[0].address}") as bus:
        with pytest.raises(BusUnavailable, match="REDIS_URL"):
            await bus.publish(organization, mark())
        bus.owed.take(organization, None)


async def _ready(subscription: RedisSubscription) -> None:
    """Return once every node's connection is there."""

    def checked() -> bool:
        try:
            subscription.check()
        except BusUnavailable:
            return False
        return True

    await until(checked)


async def test_a_cluster_need_not_be_there_yet(cluster: Cluster):
    """Whoever subscribes waits, readiness is denied; the URL's names are asked again until one leads to a node."""
    with reserved_port() as port, anyio.fail_after(20):
        async with (
            open_redis_bus(f"redis+cluster://127.0.0.1:{port}") as bus,
            bus.subscription() as subscription,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(subscription.add, "a")
            for verb in (bus.ping(), bus.publish("a", mark())):
                with pytest.raises(BusUnavailable):
                    await verb
            with pytest.raises(BusUnavailable):
                subscription.check()
            async with proxied(cluster.nodes[1].port, port):
                await subscription.add("a")
                await _ready(subscription)
                await bus.publish("a", mark())
                tasks.cancel_scope.cancel()


async def test_names_that_lead_to_other_nodes_are_followed(cluster: Cluster):
    """When none of the nodes that were found answers any more, those of the URL are asked."""
    async with open_redis_bus(cluster.url) as bus:
        await bus.ping()
        manager = bus.servers._cluster.nodes_manager
        with reserved_port() as port:
            gone = BusClusterNode("127.0.0.1", port)
            manager.startup_nodes, bus.servers._failed = {gone.name: gone}, gone.name
            with pytest.raises(BusUnavailable):
                await bus.ping()
            await bus.ping()


async def test_a_slot_that_moved_unsaid_is_found_in_time(cluster: Cluster, monkeypatch: pytest.MonkeyPatch):
    """As where a node is cut off from the others: the others are asked now and then."""
    monkeypatch.setattr(ClusterRedis, "refresh_s", 0.2)
    organization, slot = _organization_at(1)
    with anyio.fail_after(20):
        async with open_redis_bus(cluster.url) as bus, bus.subscription() as subscription:
            await subscription.add(organization)
            monkeypatch.setattr(Listener, "_unsubscribed", lambda *_: None)
            await _move(cluster, slot, cluster.nodes[1], cluster.nodes[2])
            assert await anext(aiter(subscription)) == [Gap(organization)]


async def test_a_command_is_not_sent_on_for_ever(cluster: Cluster, monkeypatch: pytest.MonkeyPatch):
    """As where two nodes each say that the other one has it."""
    organization, slot = _organization_at(1)
    async with open_redis_bus(cluster.url) as bus:
        await bus.ping()
        await _move(cluster, slot, cluster.nodes[1], cluster.nodes[2])
        monkeypatch.setattr(redis_cluster, "REDIRECTIONS", 1)
        with pytest.raises(BusUnavailable):
            await bus.read_journal(organization)


async def test_a_replica_takes_over(cluster: Cluster):
    """Its organizations see a gap, and a resync for each publish that may have failed; others see none."""
    (hit, _), (spared, _) = _organization_at(0), _organization_at(2)
    first, replica = cluster.nodes[0], cluster.nodes[3]
    with anyio.fail_after(40):
        async with (
            witnessed(cluster.url, hit) as witness,
            witnessed(cluster.url, spared) as other,
            open_redis_bus(cluster.url) as bus,
        ):
            before = await bus.read_journal(hit)
            first.kill()
            await witness.has_gap()
            assert witness.failed
            await witness.is_resynced(bus)
            await witness.goes_on()
            await other.goes_on()
            assert (await bus.read_journal(hit)).epoch != before.epoch
            assert await _subscribed(cluster, hit) == [replica]
            witness.subscription.check()
    witness.account()
    other.account()
    assert other.gaps == 0
    first.start()
    await until(cluster.whole)
