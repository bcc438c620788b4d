"""Output over HTTP: pages of numbered chunks, or of the lines that contain a text, as JSON; or all of it as text."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.executions.executions import existing
from runcast_api.executions.log_search import LogSearch, Output
from runcast_api.executions.output_answer import OutputAnswer
from runcast_api.http import queries
from runcast_core.model.errors import InvalidInput
from runcast_core.model.executions import ExecutionSummary, LogChunk
from runcast_core.model.wire.output import Chunk, LogMatches, LogPage
from runcast_core.model.wire.shape import Shape, encode

PAGE = 500
MAX_PAGE = 1000
_MAX = 2**53


async def logs(request: Request) -> Response:
    execution = await existing(request)
    attempt = queries.integer(request, "attempt", execution.attempt, minimum=0, maximum=1_000_000)
    after = queries.integer(request, "after", 0, minimum=0, maximum=_MAX)
    limit = queries.integer(request, "limit", PAGE, minimum=1, maximum=MAX_PAGE)
    format_ = request.query_params.get("format", "json")
    if format_ not in {"json", "text"}:
        raise InvalidInput("format must be json or text", code="INVALID_QUERY")
    output = Output(request.app.state.store, execution.organization_id, execution.task_id, attempt)
    wanted = request.query_params.get("q")
    search = LogSearch(output, wanted) if wanted is not None else None
    if format_ == "text":
        return _download(request, execution, search.text(after) if search else _text(output, after))
    if search:
        return _page(request, execution, partial(_matches, search, execution, after, limit))
    return _page(request, execution, partial(_chunks, output, execution, after, limit))


async def _chunks(output: Output, execution: ExecutionSummary, after: int, limit: int) -> LogPage:
    chunks = await output.read(after, limit)
    last = chunks[-1].seq if chunks else after
    more = await output.goes_on(after, last)
    shown = tuple(map(Chunk.of, chunks))
    return LogPage(execution.task_id, output.attempt, execution.status, last, more, shown)


async def _matches(search: LogSearch, execution: ExecutionSummary, after: int, limit: int) -> LogMatches:
    found, last = await search.page(after, limit)
    more = await search.output.goes_on(after, last)
    return LogMatches(execution.task_id, search.output.attempt, execution.status, last, more, tuple(found))


def _page(request: Request, execution: ExecutionSummary, read: Callable[[], Awaitable[Shape]]) -> Response:
    async def whole() -> AsyncIterator[bytes]:
        yield encode(await read())

    return OutputAnswer(request, execution.organization_id, whole(), "application/json", whole=True)


def _download(request: Request, execution: ExecutionSummary, steps: AsyncIterator[bytes]) -> Response:
    disposition = f'attachment; filename="{execution.task_id}.log"'
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return OutputAnswer(request, execution.organization_id, steps, "text/plain; charset=utf-8", headers)


async def _text(output: Output, after: int) -> AsyncIterator[bytes]:
    while chunks := await output.read(after, PAGE):
        after = chunks[-1].seq
        yield _taken(chunks)


def _taken(chunks: list[LogChunk]) -> bytes:
    """Return them as text; the list is empty then, as a reader may be slow to take that."""
    text = b"".join(part for chunk in chunks for part in (chunk.text.encode(), b"\n"))
    chunks.clear()
    return text
