"""Runs Lua scripts, each on one key, so that a step is atomic on the node that serves the key."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import islice
from typing import Any

import anyio

from runcast_core.errors import BusUnavailable
from runcast_core.redis_journal import Script
from runcast_core.redis_servers import Servers

BATCH = 20
"""Scripts under way at once."""


class RedisScripts:
    """Every verb raises `BusUnavailable` where no answer comes; what was sent may then have run or not."""

    def __init__(self, servers: Servers, answered: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        self._servers = servers
        self._answered = answered

    async def run(self, script: str, key: str, *arguments: Any) -> Any:
        """Return what the script returns."""
        async with self._answered():
            return await Script(script).run(self._servers, key, *arguments)

    async def run_each(self, script: str, calls: Iterable[tuple[str, Sequence[Any]]]) -> None:
        """Run it once for each key with its arguments, some at once; the order does not matter. After a failure
        what is under way is ended and no more is begun."""
        remaining = iter(calls)
        while batch := list(islice(remaining, BATCH)):
            failed: list[BusUnavailable] = []
            async with anyio.create_task_group() as tasks:
                for key, arguments in batch:
                    tasks.start_soon(self._run_one, failed, script, key, arguments)
            if failed:
                raise failed[0]

    async def _run_one(self, failed: list[BusUnavailable], script: str, key: str, arguments: Sequence[Any]) -> None:
        try:
            await self.run(script, key, *arguments)
        except BusUnavailable as error:
            failed.append(error)
