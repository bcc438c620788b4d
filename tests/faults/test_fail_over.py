"""Redis that fails over to a replica which had lost the middle: what looks like the same journal is another."""

from pathlib import Path

import pytest
import redis

from runcast_core.bus.redis.bus import open_redis_bus
from tests.e2e.recovering import Publisher
from tests.faults.ground import scene_on, started_ground
from tests.parts.conditions import until
from tests.parts.redis.server import MortalRedis, own_redis

pytestmark = pytest.mark.usefixtures("javascript_client")


async def test_a_replica_that_lost_the_middle_recovers_nobody(tmp_path: Path):
    """It has the client's offset and what was published since it took over, and nothing between: nobody is told that it
    is complete. Who stayed connected is told to read again."""
    with MortalRedis(own_redis()[1]) as second, second.running():
        async with started_ground(tmp_path) as ground, scene_on(ground) as scene, open_redis_bus(second.url) as bus:
            with redis.Redis(port=second.port) as replica:
                replica.replicaof("127.0.0.1", ground.mortal.port)
                await until(lambda: bus.servers.execute("", "KEYS", "runcast:*:journal"))
                targets, scene.balancer.targets = scene.balancer.targets, []
                scene.balancer.cut()
                await scene.client.until(lambda c: c.of("disconnect"))
                replica.replicaof("no", "one")  # as far as it got when the link broke
            await scene.publisher.publish(3)
            await scene.plain.until(lambda _: scene.plain_numbers == [0, 1, 2, 3, 4, 5])
            ground.way.target_port = second.port
            ground.kill()
            await scene.plain.until(lambda p: p.of("resync"))
            await ground.ready(200)
            later = Publisher(bus, scene.organization_id)
            await later.publish(2)
            entries = (await bus.read_journal(scene.organization_id)).entries
            assert scene.client.offset in [entry.offset for entry in entries]
            scene.balancer.targets = targets
            await scene.client.connected(2)
            assert not scene.client.recovered
            await later.publish(2)
            await scene.plain.until(lambda _: len(scene.plain_numbers) == 10)
            await scene.client.until(lambda c: c.numbers == [0, 1, 2, 2, 3])
            assert await scene.comes_back()
            assert scene.plain_numbers == [0, 1, 2, 3, 4, 5, 0, 1, 2, 3]
