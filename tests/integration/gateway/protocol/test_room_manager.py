"""Room operations on every kind of Redis, with a stock emitter on the other side."""

import json
from collections.abc import Iterator
from contextlib import aclosing

import anyio
import pytest
import socketio
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis

from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.protocol import room_manager
from runcast_gateway.protocol.room_manager import RoomManager
from tests.parts.redis.cluster import Cluster, running_cluster
from tests.parts.redis.sentinel import SERVICE, Watched, watched_redis


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture
def watched() -> Iterator[Watched]:
    with watched_redis() as watched:
        yield watched


async def _relays(manager: RoomManager, emitter: socketio.AsyncRedisManager) -> None:
    """Return once an emit, tried again and again, was heard."""
    async with anyio.create_task_group() as tasks:

        async def emit() -> None:
            while True:
                await emitter.emit("news", {"n": 1}, room="org:a")
                await anyio.sleep(0.05)

        tasks.start_soon(emit)
        async with aclosing(manager._listen()) as messages:
            heard = json.loads(await anext(messages))
        assert (heard["event"], heard["room"]) == ("news", "org:a")
        tasks.cancel_scope.cancel()
    await manager.redis.aclose()
    await emitter.redis.aclose()


async def test_rooms_on_a_cluster(cluster: Cluster, monkeypatch: pytest.MonkeyPatch):
    """A stock emitter may use any node of it; when the first one of the URL is dead, another is taken."""
    monkeypatch.setattr(room_manager, "RETRY_S", 0.05)
    cluster.nodes[0].kill()
    manager = RoomManager(cluster.url, GatewayMetrics(CollectorRegistry()))
    emitter = socketio.AsyncRedisManager(f"redis://{cluster.nodes[2].address}", write_only=True)
    with anyio.fail_after(10):
        await _relays(manager, emitter)


async def test_rooms_on_the_master_of_sentinels(watched: Watched):
    """python-socketio names the service behind the database, Runcast before it."""
    manager = RoomManager(watched.url, GatewayMetrics(CollectorRegistry()))
    theirs = watched.url.replace(f"/{SERVICE}/0", f"/0/{SERVICE}")
    emitter = socketio.AsyncRedisManager(theirs, write_only=True)
    with anyio.fail_after(10):
        await _relays(manager, emitter)
    for client in (manager.redis, emitter.redis):
        assert isinstance(client, Redis)
        await client.connection_pool.sentinel_manager.aclose()
