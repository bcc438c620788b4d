"""Finds lines of output that contain a text, whatever the case of either; a bounded part of the output at a time."""

import math
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import anyio.to_thread

from runcast_core.model.errors import InvalidInput
from runcast_core.model.executions import LogChunk
from runcast_core.model.wire.output import LineFound
from runcast_core.store.store import LogStore

MAX_WANTED = 256
CHUNKS = 1000
"""How many chunks one step searches at most; `PAGE_CHARACTERS` of the store may end it before."""


@dataclass(frozen=True, slots=True)
class Output:
    """One attempt's output in the store."""

    store: LogStore
    organization_id: str
    task_id: str
    attempt: int

    async def read(self, after: int, limit: int) -> list[LogChunk]:
        return await self.store.read_logs(
            self.organization_id, self.task_id, attempt=self.attempt, after=after, limit=limit
        )

    async def goes_on(self, after: int, last: int) -> bool:
        """Tell whether there is more than what was read from `after` to `last`. The store bounds a page's size too, so
        a page that is not full may yet have one after it."""
        return last > after and bool(await self.read(last, 1))


class LogSearch:
    """Raises `InvalidInput` if `wanted` is not 1 to `MAX_WANTED` characters, or goes over the end of a line."""

    def __init__(self, output: Output, wanted: str) -> None:
        if not 1 <= len(wanted) <= MAX_WANTED or "\n" in wanted:
            raise InvalidInput(f"q must be 1 to {MAX_WANTED} characters within one line", code="INVALID_QUERY")
        self.output = output
        self._wanted = wanted.casefold()

    async def step(self, after: int, limit: float = math.inf) -> tuple[list[LineFound], int]:
        """Search one step of what comes after chunk `after`. Return the lines found, and the last chunk searched: the
        first with which there are `limit` lines, else the step's last, or `after` if there is no more."""
        chunks = await self.output.read(after, CHUNKS)
        return await anyio.to_thread.run_sync(self._found, chunks, after, limit)

    async def text(self, after: int) -> AsyncIterator[str]:
        """Yield all lines found after chunk `after`, each with a newline."""
        while True:
            found, last = await self.step(after)
            if last == after:
                return
            after = last
            yield "".join(f"{match.text}\n" for match in found)

    def _found(self, chunks: list[LogChunk], after: int, limit: float) -> tuple[list[LineFound], int]:
        found: list[LineFound] = []
        for chunk in chunks:
            found += self._matches(chunk)
            after = chunk.seq
            if len(found) >= limit:
                break
        return found, after

    def _matches(self, chunk: LogChunk) -> Iterator[LineFound]:
        folded = chunk.text.casefold()
        if self._wanted not in folded:
            return
        lines = chunk.text.split("\n")
        for number, line in enumerate(folded.split("\n")):
            if self._wanted in line:
                yield LineFound(seq=chunk.seq, line=number, text=lines[number])
