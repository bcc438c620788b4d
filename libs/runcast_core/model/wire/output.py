"""Output as `execution-log` and pages of logs show it, and what a search in it finds."""

from typing import Self

from runcast_core.model.executions import LogChunk, Status
from runcast_core.model.wire.shape import Shape


class Chunk(Shape, frozen=True):
    """One or more whole lines of output, joined by newlines. `stderr` are those from standard error: runs of first
    line, counted from 0, and number of lines. `firstLine` is the number of its first line, from 1 within the attempt;
    it is left out where lines before it were not counted."""

    task_id: str
    log: str
    seq: int
    attempt: int
    ts: int
    stderr: tuple[tuple[int, int], ...] = ()
    first_line: int | None = None

    @classmethod
    def of(cls, chunk: LogChunk) -> Self:
        return cls(
            task_id=chunk.task_id,
            log=chunk.text,
            seq=chunk.seq,
            attempt=chunk.attempt,
            ts=chunk.ts,
            stderr=chunk.stderr,
            first_line=chunk.first_line,
        )


class LineFound(Shape, frozen=True):
    """A line with the searched text: its chunk's `seq`, its number within the chunk, counted from 0, and its text as it
    is stored. `lineNumber` counts from 1 within the attempt, and is left out where lines before it were not counted.
    `ranges` are where the text is, `[[from, up to], …]` in Unicode code points of the line without control sequences
    that begin with ESC, in order and apart; the first 100, and of a page the first 20,000, and left out beyond."""

    seq: int
    line: int
    text: str
    line_number: int | None = None
    ranges: tuple[tuple[int, int], ...] = ()


class _Page(Shape, frozen=True):
    task_id: str
    attempt: int
    status: Status
    after: int
    more: bool


class LogPage(_Page, frozen=True):
    """A page of output. While there is `more`, send `after` again as the query's `after` for what comes next; while
    there is `moreBefore`, send `before` as its `before` for what comes before."""

    chunks: tuple[Chunk, ...]
    before: int
    more_before: bool


class LogMatches(_Page, frozen=True):
    """What a search found in one step, in order, perhaps nothing. While there is `more`, send `after` again as the
    query's `after`."""

    matches: tuple[LineFound, ...]


class LogIndex(_Page, frozen=True):
    """How many lines each chunk has, from the one after the query's `after` up to `after`, or to the first that is not
    there (yet); null for those that an earlier version stored: read these, and count. While there is `more`, send
    `after` again as the query's `after`."""

    counts: tuple[int | None, ...]
