"""The master that Sentinel names, looked up all the time.

Connections alone would not tell: after a fail-over on request the old master goes on for ten seconds, and one that the
Sentinels cannot reach goes on for as long as that lasts; whoever stays with it hears nothing of the others.
"""

from typing import Any

import anyio
import structlog
from redis.asyncio import Redis
from redis.asyncio.sentinel import MasterNotFoundError

from runcast_core.bus.redis.servers import FAILURES, Node
from runcast_core.bus.redis.single import SingleRedis

log = structlog.get_logger()

LOOK_UP_S = 1.0
ANSWER_S = 0.5


class SentinelRedis(SingleRedis):
    """See `runcast_core.bus.redis.servers.Servers`; the master is the only node, and another one has another name."""

    refresh_s = LOOK_UP_S
    name = ""

    def __init__(self, publisher: Redis, subscriber: Redis) -> None:
        super().__init__(publisher, subscriber)
        self._pools: list[Any] = [publisher.connection_pool, subscriber.connection_pool]
        self._due = 0.0

    async def execute(self, key: str, *command: Any) -> Any:
        """Look the master up first, when that is due. If no Sentinel answers, the one that is known is good enough."""
        if anyio.current_time() >= self._due:
            self._due = anyio.current_time() + LOOK_UP_S
            try:
                with anyio.move_on_after(ANSWER_S):
                    await self.refresh()
            except FAILURES as failed:
                log.warning("Sentinel did not answer", reason=type(failed).__name__)
        return await super().execute(key, *command)

    def node(self, channel: str) -> Node:
        if not self.name:
            raise MasterNotFoundError("no Sentinel answered yet")
        return super().node(channel)

    async def refresh(self) -> None:
        host, port = await self._pools[0].get_master_address()
        self.name = f"{host}:{port}"

    async def aclose(self) -> None:
        await super().aclose()
        for pool in self._pools:
            await pool.sentinel_manager.aclose()
