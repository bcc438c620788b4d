"""One server, which is its own only node."""

import math
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ReadOnlyError

from runcast_core.bus.redis.servers import Node


class SingleRedis:
    """See `runcast_core.bus.redis.servers.Servers` and `Node`."""

    sharded = False
    refresh_s = math.inf
    name = "redis"

    def __init__(self, publisher: Redis, subscriber: Redis) -> None:
        """`subscriber` waits without a time-out; only its connections are used, never its pool."""
        self.publisher = publisher
        self._subscriber = subscriber

    async def execute(self, key: str, *command: Any) -> Any:
        try:
            return await self.publisher.execute_command(*command)  # type: ignore[no-untyped-call]
        except ReadOnlyError:  # a master no more: its name may lead to another server by now
            await self.publisher.connection_pool.disconnect(inuse_connections=False)
            raise

    def node(self, channel: str) -> Node:
        return self

    async def refresh(self) -> None:
        """There is nothing to know."""

    def connection(self) -> Any:
        return self._subscriber.connection_pool.make_connection()  # type: ignore[no-untyped-call]

    async def publish(self, channel: str) -> None:
        await self.publisher.publish(channel, b"")

    async def aclose(self) -> None:
        await self.publisher.aclose()
        await self._subscriber.aclose()
