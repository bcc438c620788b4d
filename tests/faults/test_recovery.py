"""What dashboards see when the gateways' Redis, or the way to it, fails: nothing if it can be mended, else `resync`."""

import signal
from collections.abc import AsyncIterator

import pytest
import redis.asyncio

from runcast_core.bus.redis import connections as redis_connections
from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.events import RESYNC
from runcast_core.model.identifiers import journal_key
from tests.e2e.recovering import Publisher
from tests.faults.ground import PERSISTENT, Ground, scene_on, started_ground
from tests.parts.redis.proxy import proxied

pytestmark = pytest.mark.usefixtures("javascript_client")


@pytest.fixture(scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    async with started_ground(tmp_path_factory.mktemp("installation")) as ground:
        yield ground


async def test_broken_subscriptions_are_repaired_in_place(ground: Ground):
    """Again and again, under publishers: nothing is missing or twice, nobody notices."""
    async with scene_on(ground) as scene:
        async with scene.publisher.publishing(3):
            for times in range(1, 7):
                await scene.client.until(lambda c, t=times: len(c.numbers) > 150 * t)
                await scene.bus.servers.execute("", "CLIENT", "KILL", "TYPE", "pubsub")
        await scene.have(scene.publisher.numbers)
        assert not scene.noticed
        assert await scene.comes_back()


async def test_a_silent_way_to_redis_is_noticed_and_repaired(ground: Ground):
    """It carries nothing and breaks off nowhere: `/readyz` says so, and what was published meanwhile follows."""
    async with scene_on(ground) as scene:
        ground.way.freeze()
        await scene.publisher.publish(700)
        await ground.ready(503)
        await ground.ready(200)
        await scene.publisher.publish(3)
        await scene.have(scene.publisher.numbers)
        assert not scene.noticed
        assert await scene.comes_back()


async def test_a_redis_that_stood_still_is_repaired(ground: Ground):
    """For longer than the canaries wait. What is published the moment it goes on, before anybody listens, follows."""
    async with scene_on(ground) as scene:
        ground.redis.send_signal(signal.SIGSTOP)
        try:
            await ground.ready(503)
        finally:
            ground.redis.send_signal(signal.SIGCONT)
        await scene.publisher.publish(50)
        await ground.ready(200)
        await scene.have(scene.publisher.numbers)
        assert not scene.noticed
        assert await scene.comes_back()


@pytest.mark.parametrize("loss", [["DEL"], ["XTRIM", "MAXLEN", "5"]], ids=["flushed", "trimmed"])
async def test_what_the_journal_lost_meanwhile_is_a_resync(ground: Ground, loss: list[str]):
    """Each is told, none is disconnected; live events resume, and recovery with them."""
    async with scene_on(ground) as scene:
        key, (command, *options) = journal_key(scene.organization_id), loss
        async with redis.asyncio.Redis.from_url(ground.mortal.url) as client, client.pipeline() as transaction:
            transaction.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
            for _ in range(20):
                transaction.xadd(key, {"e": "execution-log t {}"})
            await transaction.execute_command(command, key, *options).execute()
        await scene.resynced()
        await scene.publisher.publish(3)
        await scene.have([0, 1, 2, *scene.publisher.numbers[-3:]])
        assert await scene.comes_back()
        assert scene.client.of("disconnect") == [["transport close"]]


async def test_a_killed_redis_that_comes_back_with_its_data_is_a_resync(ground: Ground):
    """Nobody can tell whether it lost its last second: that is another history. Nothing comes twice."""
    async with scene_on(ground) as scene:
        ground.kill()
        await ground.ready(503)
        ground.start(*PERSISTENT)
        await scene.resynced()
        await ground.ready(200)
        await scene.publisher.publish(3)
        await scene.have(scene.publisher.numbers)
        assert len((await scene.bus.read_journal(scene.organization_id)).entries) >= 6
        assert not await scene.comes_back()
        assert await scene.comes_back()
        await scene.publisher.publish(3)
        await scene.have(scene.publisher.numbers)


async def test_a_journal_that_is_trimmed_during_a_replay_is_a_resync(ground: Ground):
    """The client, which had been told that it is recovered, reads slowly; live events reach it all the same."""
    async with scene_on(ground) as scene:
        targets, scene.balancer.targets = scene.balancer.targets, []
        scene.balancer.cut()
        await scene.client.until(lambda c: c.of("disconnect"))
        await scene.publisher.publish(4000, padding=1500)
        scene.balancer.hold(20_000)
        scene.balancer.targets = targets
        await scene.client.until(lambda c: len(c.numbers) > 3)
        while len((await scene.bus.read_journal(scene.organization_id)).entries) > 10:
            await scene.bus.servers.execute("", "XTRIM", journal_key(scene.organization_id), "MAXLEN", "10")
        scene.balancer.release()
        await scene.client.until(lambda c: c.of(RESYNC))
        await scene.publisher.publish(3)
        await scene.client.until(lambda c: c.numbers[-1:] == scene.publisher.numbers[-1:])
        seen = scene.client.numbers
        assert scene.client.recovered
        assert scene.client.of(RESYNC) == [[{"reason": "recovery broke off"}]]
        assert seen == [*range(len(seen) - 3), *scene.publisher.numbers[-3:]]
        assert 100 < len(seen) < 3900


@pytest.mark.parametrize("arrived", [True, False], ids=["unanswered", "lost"])
async def test_a_publish_that_may_have_failed_is_a_resync(
    ground: Ground, arrived: bool, monkeypatch: pytest.MonkeyPatch
):
    """Of that execution; the event comes once, or not at all, although a second attempt would go through."""
    monkeypatch.setattr(redis_connections, "TIMEOUT_S", 0.3)
    async with scene_on(ground) as scene, proxied(ground.mortal.port) as proxy, open_redis_bus(proxy.url) as bus:
        publisher = Publisher(bus, scene.organization_id)
        await bus.ping()
        proxy.losing_a_reply = arrived
        if not arrived:
            proxy.freeze()
        with pytest.raises(BusUnavailable):
            await publisher.publish(task_id="doubtful")
        await scene.resynced()
        await scene.publisher.publish()
        expected = [0, 1, 2, *([0] if arrived else []), 3]
        await scene.have(expected)
        told = [arguments[0] for arguments in scene.client.of(RESYNC)]
        assert told == scene.plain.of(RESYNC)
        assert {(body["reason"], body["taskId"]) for body in told} == {("publish failed", "doubtful")}
        assert await scene.comes_back()
