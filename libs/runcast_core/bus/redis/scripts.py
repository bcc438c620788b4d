"""Runs Lua scripts, each on one key, so that a step is atomic on the node that serves the key."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import islice
from typing import Any

import anyio
from redis.exceptions import NoScriptError

from runcast_core.bus.redis.servers import Servers
from runcast_core.model.errors import BusUnavailable

BATCH = 20
"""Scripts under way at once."""


class Script:
    """A Lua script on one key. Sent in full to a node that does not know it, which is then known not to have run it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._digest = hashlib.sha1(text.encode()).hexdigest()  # noqa: S324 - the name that Redis gives it

    async def run(self, servers: Servers, key: str, *arguments: Any) -> Any:
        try:
            return await servers.execute(key, "EVALSHA", self._digest, 1, key, *arguments)
        except NoScriptError:
            return await servers.execute(key, "EVAL", self._text, 1, key, *arguments)


class RedisScripts:
    """Every verb raises `BusUnavailable` where no answer comes; what was sent may then have run or not."""

    def __init__(self, servers: Servers, answered: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        self._servers = servers
        self._answered = answered

    async def run(self, script: Script, key: str, *arguments: Any) -> Any:
        """Return what the script returns."""
        async with self._answered():
            return await script.run(self._servers, key, *arguments)

    async def run_each(self, script: Script, calls: Iterable[tuple[str, Sequence[Any]]]) -> None:
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

    async def _run_one(self, failed: list[BusUnavailable], script: Script, key: str, arguments: Sequence[Any]) -> None:
        try:
            await self.run(script, key, *arguments)
        except BusUnavailable as error:
            failed.append(error)
