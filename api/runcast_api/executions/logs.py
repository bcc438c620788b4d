"""Output over HTTP: pages of numbered chunks, or of the lines that contain a text, as JSON; or all of it as text."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from runcast_api.executions.executions import existing
from runcast_api.executions.log_search import LogSearch, Output
from runcast_api.http import queries
from runcast_api.http.answer import Answer
from runcast_core.model.errors import InvalidInput
from runcast_core.model.executions import ExecutionSummary
from runcast_core.model.wire.output import Chunk, LogMatches, LogPage

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
        return _download(search.text(after) if search else _text(output, after), execution.task_id)
    page = await (_matches(search, execution, after, limit) if search else _chunks(output, execution, after, limit))
    return Answer(page)


async def _chunks(output: Output, execution: ExecutionSummary, after: int, limit: int) -> LogPage:
    chunks = await output.read(after, limit)
    last = chunks[-1].seq if chunks else after
    more = await output.goes_on(after, last)
    shown = tuple(map(Chunk.of, chunks))
    return LogPage(execution.task_id, output.attempt, execution.status, last, more, shown)


async def _matches(search: LogSearch, execution: ExecutionSummary, after: int, limit: int) -> LogMatches:
    found, last = await search.step(after, limit)
    more = await search.output.goes_on(after, last)
    return LogMatches(execution.task_id, search.output.attempt, execution.status, last, more, tuple(found))


def _download(text: AsyncIterator[str], task_id: str) -> Response:
    disposition = f'attachment; filename="{task_id}.log"'
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(text, media_type="text/plain; charset=utf-8", headers=headers)


async def _text(output: Output, after: int) -> AsyncIterator[str]:
    while chunks := await output.read(after, PAGE):
        after = chunks[-1].seq
        yield "".join(f"{chunk.text}\n" for chunk in chunks)
