"""The buses that the contract suites run over."""

from collections.abc import AsyncIterator

import pytest

from runcast_core.bus.bus import Bus
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.bus.redis.bus import open_redis_bus
from tests.parts.part import Part


@pytest.fixture(params=["memory", "redis", "redis-cluster"])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    if request.param == "memory":
        yield MemoryBus()
        return
    part: Part = request.getfixturevalue("redis_part" if request.param == "redis" else "redis_cluster_part")
    async with open_redis_bus(part.url) as bus:
        yield bus
