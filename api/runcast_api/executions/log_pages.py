"""Pages of output: those after a chunk, before one, and from a line on. Each tells how to go on in both directions."""

from collections.abc import Sequence

from runcast_api.executions.output import Output
from runcast_core.model.errors import Conflict
from runcast_core.model.executions import LogChunk, Status
from runcast_core.model.wire.output import Chunk, LogPage


async def page_after(output: Output, status: Status, after: int, limit: int) -> LogPage:
    chunks = await output.read(after, limit)
    more = bool(chunks) and await output.goes_on(chunks[-1].seq)
    return _page(output, status, chunks, after, more=more, more_before=after > 0)


async def page_before(output: Output, status: Status, before: int | None, limit: int) -> LogPage:
    """Return the page that ends just before a chunk; None: the last one."""
    chunks = await output.read_before(before, limit)
    after = chunks[-1].seq if chunks else (before or 1) - 1
    return _page(output, status, chunks, after, more=await output.goes_on(after), more_before=False)


async def page_of_line(output: Output, status: Status, line: int, limit: int) -> LogPage:
    """Return the page that begins with the chunk of a line; with the chunk before it where that one is missing, and the
    last page where the line is beyond the end. Raises `Conflict` if lines up to there were not counted."""
    place = await output.chunk_of_line(line)
    if place is None or line >= (place.next_line() or 0):
        following = await output.read(place.seq if place else 0, 1)
        if not following:
            return await page_before(output, status, None, limit)
        _check_counted(following[0])
    return await page_after(output, status, place.seq - 1 if place else 0, limit)


def _check_counted(chunk: LogChunk) -> None:
    if chunk.first_line is None:
        text = "this output has no line numbers, an earlier version stored it: page with `after` or `before`, and count"
        raise Conflict(text, code="LINES_UNKNOWN")


def _page(
    output: Output, status: Status, chunks: Sequence[LogChunk], after: int, *, more: bool, more_before: bool
) -> LogPage:
    """Return the chunks as a page; an empty one is after chunk `after`, and has `more_before` as told."""
    first, last = (chunks[0].seq, chunks[-1].seq) if chunks else (after + 1, after)
    shown = tuple(map(Chunk.of, chunks))
    more_before = first > 1 if chunks else more_before
    return LogPage(output.task_id, output.attempt, status, last, more, shown, first, more_before)
