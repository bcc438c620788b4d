"""Passes on what a process writes, until its pipes end; after its own end others may hold them for a grace only."""

import math
from collections.abc import Awaitable, Callable
from functools import partial

import anyio
import anyio.abc

from runcast_runner.executors.executor import Write
from runcast_runner.executors.graceful_stop import read_to_the_end
from runcast_runner.executors.process.streams import Piece, ProcessStreams

_GRACE_S = 5


class ProcessOutput:
    """See `runcast_runner.executors.executor.Running`: the output of one process. `ask` asks its job to end, and
    returns when it did. `end` kills what is left of the job: then, or after `kill_grace_s`, or when the process has
    ended by itself."""

    ran_s = 0.0

    def __init__(
        self,
        process: anyio.abc.Process,
        streams: ProcessStreams,
        *,
        ask: Callable[[], Awaitable[None]],
        end: Callable[[], Awaitable[None]],
        kill_grace_s: float,
    ) -> None:
        self._process = process
        self._streams = streams
        self._ask = ask
        self._end = end
        self._kill_grace_s = kill_grace_s
        self._deadline = math.inf
        self._receiving = anyio.CancelScope()

    async def follow(self, write: Write) -> int:
        """Write all of it, however long that takes, and return the process's exit code; when cancelled, stop it and
        still write what it says until its end."""
        await read_to_the_end(partial(self._read, write), self._stop, self._kill_grace_s + _GRACE_S)
        code = await self._process.wait()
        return code if code >= 0 else 128 - code  # killed by a signal: as shells and Docker say it

    async def _read(self, write: Write) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch)
            while pieces := await self._receive():
                begun = anyio.current_time()
                for stream, data in pieces:
                    await write(data, stream)
                self._deadline += anyio.current_time() - begun  # the grace is for the pipes, not for a slow store

    async def _receive(self) -> list[Piece]:
        """Return what comes next; nothing at the pipes' end, or when the grace is over."""
        with anyio.CancelScope(deadline=self._deadline) as self._receiving:
            return await self._streams.read()
        return []

    async def _watch(self) -> None:
        await self._process.wait()
        await self._end()  # then its pipes end, once what is in them was read
        self._deadline = self._receiving.deadline = anyio.current_time() + _GRACE_S

    async def _stop(self) -> None:
        with anyio.move_on_after(self._kill_grace_s):
            await self._ask()
        await self._end()
