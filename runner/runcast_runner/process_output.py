"""Passes on what a process writes, until the pipe ends; after its own end others may hold the pipe for a grace only."""

import math
from collections.abc import Awaitable, Callable

import anyio
import anyio.abc

from runcast_runner.executor import Write

_GRACE_S = 5


class ProcessOutput:
    """See `runcast_runner.executor.Running`: the output of one process. `end` is called when it has ended, and kills
    what else is of its job."""

    ran_s = 0.0

    def __init__(self, process: anyio.abc.Process, end: Callable[[], Awaitable[None]]) -> None:
        assert process.stdout is not None  # noqa: S101 - asked for a pipe
        self._process = process
        self._pipe = process.stdout
        self._end = end
        self._deadline = math.inf
        self._receiving = anyio.CancelScope()

    async def follow(self, write: Write) -> int:
        """Write all of it, however long that takes; return the process's exit code."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch)
            while data := await self._receive():
                begun = anyio.current_time()
                await write(data)
                self._deadline += anyio.current_time() - begun  # the grace is for the pipe, not for a slow store
            tasks.cancel_scope.cancel()
        code = await self._process.wait()
        return code if code >= 0 else 128 - code  # killed by a signal: as shells and Docker say it

    async def _receive(self) -> bytes:
        """Return the next piece; none at the pipe's end, or when the grace is over."""
        with anyio.CancelScope(deadline=self._deadline) as self._receiving:
            try:
                return await self._pipe.receive()
            except anyio.EndOfStream:
                return b""
        return b""

    async def _watch(self) -> None:
        await self._process.wait()
        await self._end()  # then its pipe ends, once what is in it was read
        self._deadline = self._receiving.deadline = anyio.current_time() + _GRACE_S
