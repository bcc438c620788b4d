"""The part of the store's interface that keeps output, and notes what was announced.

See `store.py` for what holds of every verb.
"""

from collections.abc import Iterable, Sequence
from itertools import count, takewhile
from typing import NamedTuple, Protocol

from runcast_core.model.executions import ExecutionSummary, LogChunk

PAGE_BYTES = 262_144
"""A page of output ends with the chunk that brings its texts to so many bytes of UTF-8."""


class Place(NamedTuple):
    """Where a chunk stands in its attempt: its number, its first line's number and how many lines it has. Of chunks of
    earlier versions the last two are None."""

    seq: int
    first_line: int | None
    lines: int | None

    def next_line(self) -> int | None:
        """Return the number of the line after the chunk, where it is known."""
        return None if self.first_line is None or self.lines is None else self.first_line + self.lines


BEGINNING = Place(0, 1, 0)
"""What the first chunk follows."""


class LogStore(Protocol):
    """Output, and what was not announced yet."""

    async def append_logs(self, chunks: Sequence[LogChunk]) -> None:
        """Store chunks of any executions in one batch; one that is there already counts as stored."""
        ...

    async def append_external_log(self, organization_id: str, task_id: str, text: str, ts: int) -> LogChunk:
        """Number and store output that came through the callbacks, as attempt 0; its lines too, unless those before it
        were not counted. Raises `NotFound`."""
        ...

    async def read_logs(
        self, organization_id: str, task_id: str, *, attempt: int, after: int = 0, limit: int = 1000
    ) -> list[LogChunk]:
        """Return up to `limit` chunks of an attempt with `seq` above `after`, in order: fewer where their texts reach
        `PAGE_BYTES` before, but at least one if there is any. Only an empty page says that there is no more."""
        ...

    async def read_logs_before(
        self, organization_id: str, task_id: str, *, attempt: int, before: int | None = None, limit: int = 1000
    ) -> list[LogChunk]:
        """Return the last of an attempt's chunks, in order, or the last with `seq` below `before`; bounded as in
        `read_logs`, counted from the end."""
        ...

    async def chunk_of_line(self, organization_id: str, task_id: str, *, attempt: int, line: int) -> Place | None:
        """Return the last chunk that is known to begin with that line or before it. It may end before it, too. No text
        is read."""
        ...

    async def line_counts(
        self, organization_id: str, task_id: str, *, attempt: int, after: int = 0, limit: int = 1000
    ) -> list[int | None]:
        """Return how many lines each of an attempt's chunks has, from `seq` `after + 1` on, up to `limit` of them and
        to the first that is not there; None for those of which it is not kept. No text is read."""
        ...

    async def unannounced(self, *, before: int, limit: int = 100) -> list[ExecutionSummary]:
        """Return executions whose newest state was not announced and is older than `before` (UTC milliseconds)."""
        ...

    async def announced(self, organization_id: str, task_id: str, rev: int) -> None:
        """Note that `rev` was published. A newer state stays unannounced."""
        ...


def unbroken(counts: Iterable[tuple[int, int | None]], after: int) -> list[int | None]:
    """Return the lines of chunks, given in order with their `seq`, from `after + 1` to the first that is missing."""
    numbered = takewhile(lambda pair: pair[0] == pair[1][0], zip(count(after + 1), counts, strict=False))
    return [lines for _, (_, lines) in numbered]
