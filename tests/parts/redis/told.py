"""A Redis that counts as told everything, for gateways that run without an api."""

import anyio

from runcast_core.bus.bus import Bus
from runcast_core.bus.redis.bus import open_redis_bus


async def note_told(bus: Bus) -> None:
    assert await bus.end_telling(await bus.begin_telling())


def note_told_at(url: str) -> None:
    """The same from where no event loop runs."""

    async def note() -> None:
        async with open_redis_bus(url) as bus:
            await note_told(bus)

    anyio.run(note)
