"""Finds lines of output that contain a text; a bounded step of the output at a time."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import anyio.to_thread

from runcast_api.executions.line_matcher import LineMatcher, without_sequences
from runcast_api.executions.output import Output
from runcast_core.model.errors import InvalidInput
from runcast_core.model.executions import LogChunk, utf8_bytes
from runcast_core.model.wire.output import LineFound
from runcast_core.store.log_store import PAGE_BYTES

MAX_WANTED = 256
CHUNKS = 1000
"""How many chunks one step searches at most; `PAGE_BYTES` of the store may end it before."""
STEPS = 16
"""How many steps one page takes at most."""
LINE_RANGES, PAGE_RANGES = 100, 20_000
"""How many ranges are told of a line, and of all lines of a page."""


@dataclass(slots=True)
class Found:
    """What a page's steps have found, and the last chunk that was searched; full with `limit` lines, or with so many
    bytes of them as a page of output has."""

    after: int
    limit: int
    lines: list[LineFound] = field(default_factory=list)
    size: int = 0
    ranges: int = 0

    @property
    def full(self) -> bool:
        return len(self.lines) >= self.limit or self.size >= PAGE_BYTES

    def add(self, chunk: LogChunk, matcher: LineMatcher) -> None:
        for line in matcher.lines(chunk.text):
            ranges = matcher.ranges(line, min(LINE_RANGES, PAGE_RANGES - self.ranges))
            number = None if chunk.first_line is None else chunk.first_line + line.number
            self.lines.append(LineFound(chunk.seq, line.number, line.stored, number, ranges))
            self.ranges += len(ranges)
            self.size += utf8_bytes(line.stored)
        self.after = chunk.seq


class LogSearch:
    """Raises `InvalidInput` if `wanted` is not 1 to `MAX_WANTED` characters, or goes over the end of a line."""

    def __init__(self, output: Output, wanted: str) -> None:
        if len(wanted) > MAX_WANTED or "\n" in wanted or not without_sequences(wanted):
            text = f"q must be 1 to {MAX_WANTED} characters within one line, and not only control sequences"
            raise InvalidInput(text, code="INVALID_QUERY")
        self.output = output
        self._matcher = LineMatcher(wanted)

    async def page(self, after: int, limit: int) -> tuple[list[LineFound], int]:
        """Search what comes after chunk `after`, step by step. Return the lines found, and the last chunk searched: the
        first with which the page is full, else the last step's last, or `after` if there is no more."""
        found = Found(after, limit)
        for _ in range(STEPS):
            chunks = await self._step(found.after)
            await anyio.to_thread.run_sync(self._search, chunks, found)
            if found.full or not chunks:
                break
        return found.lines, found.after

    async def text(self, after: int) -> AsyncIterator[bytes]:
        """Yield all lines found after chunk `after`, each with a newline, step by step, of which some have none."""
        while chunks := await self._step(after):
            after = chunks[-1].seq
            yield await anyio.to_thread.run_sync(self._taken, chunks)

    async def _step(self, after: int) -> list[LogChunk]:
        return await self.output.read(after, CHUNKS)

    def _search(self, chunks: list[LogChunk], found: Found) -> None:
        for chunk in chunks:
            found.add(chunk, self._matcher)
            if found.full:
                break

    def _taken(self, chunks: list[LogChunk]) -> bytes:
        """Return what is found in them; the list is empty then, as a reader may be slow to take that."""
        text = "".join(f"{line.stored}\n" for chunk in chunks for line in self._matcher.lines(chunk.text)).encode()
        chunks.clear()
        return text
