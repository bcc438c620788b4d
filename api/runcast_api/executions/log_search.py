"""Finds lines of output that contain a text, whatever the case of either; a bounded step of the output at a time."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

import anyio.to_thread

from runcast_core.model.errors import InvalidInput
from runcast_core.model.executions import LogChunk, utf8_bytes
from runcast_core.model.wire.output import LineFound
from runcast_core.store.log_store import PAGE_BYTES, LogStore

MAX_WANTED = 256
CHUNKS = 1000
"""How many chunks one step searches at most; `PAGE_BYTES` of the store may end it before."""
STEPS = 16
"""How many steps one page takes at most."""


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


@dataclass(slots=True)
class Found:
    """What a page's steps have found, and the last chunk that was searched; full with `limit` lines, or with so many
    bytes of them as a page of output has."""

    after: int
    limit: int
    lines: list[LineFound] = field(default_factory=list)
    size: int = 0

    @property
    def full(self) -> bool:
        return len(self.lines) >= self.limit or self.size >= PAGE_BYTES

    def add(self, chunk: LogChunk, lines: Iterator[tuple[int, str]]) -> None:
        for number, line in lines:
            self.lines.append(LineFound(seq=chunk.seq, line=number, text=line))
            self.size += utf8_bytes(line)
        self.after = chunk.seq


class LogSearch:
    """Raises `InvalidInput` if `wanted` is not 1 to `MAX_WANTED` characters, or goes over the end of a line."""

    def __init__(self, output: Output, wanted: str) -> None:
        if not 1 <= len(wanted) <= MAX_WANTED or "\n" in wanted:
            raise InvalidInput(f"q must be 1 to {MAX_WANTED} characters within one line", code="INVALID_QUERY")
        self.output = output
        self._wanted = wanted.casefold()

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
            found.add(chunk, self._matches(chunk))
            if found.full:
                break

    def _taken(self, chunks: list[LogChunk]) -> bytes:
        """Return what is found in them; the list is empty then, as a reader may be slow to take that."""
        text = "".join(f"{line}\n" for chunk in chunks for _, line in self._matches(chunk)).encode()
        chunks.clear()
        return text

    def _matches(self, chunk: LogChunk) -> Iterator[tuple[int, str]]:
        """Yield the lines that contain the text, each after its number within the chunk."""
        folded = chunk.text.casefold()
        if self._wanted not in folded:
            return
        lines = chunk.text.split("\n")
        for number, line in enumerate(folded.split("\n")):
            if self._wanted in line:
                yield number, lines[number]
