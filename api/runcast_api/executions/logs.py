"""Output over HTTP: pages of numbered chunks, or of the lines that contain a text, as JSON; or all of it as text."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import NoReturn

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.executions.executions import existing
from runcast_api.executions.log_pages import page_after, page_before, page_of_line
from runcast_api.executions.log_search import LogSearch
from runcast_api.executions.output import MAX_SEQ, Output, output_of, seq_after
from runcast_api.executions.output_answer import OutputAnswer
from runcast_api.http import queries
from runcast_core.model.errors import InvalidInput
from runcast_core.model.executions import ExecutionSummary, LogChunk, Status
from runcast_core.model.wire.output import LogMatches
from runcast_core.model.wire.shape import Shape, encode

PAGE = 500
MAX_PAGE = 1000
_PAGES: dict[str, Callable[..., Awaitable[Shape]]] = {
    "after": page_after,
    "before": page_before,
    "line": page_of_line,
}
"""What makes a page, by the parameter that says where it is."""


async def logs(request: Request) -> Response:
    execution = await existing(request)
    output = output_of(request, execution)
    limit = queries.integer(request, "limit", PAGE, minimum=1, maximum=MAX_PAGE)
    text, wanted = _as_text(request), request.query_params.get("q")
    name, place = _place(request)
    if name != "after" and (text or wanted is not None):
        _refuse(f"{name} is for pages of output: with q or format=text send after, or nothing")
    search = LogSearch(output, wanted) if wanted is not None else None
    if text:
        return _download(request, execution, search.text(place or 0) if search else _text(output, place or 0))
    read = partial(_matches, search) if search else partial(_PAGES[name], output)
    return _page(request, execution, partial(read, execution.status, place, limit))


def _as_text(request: Request) -> bool:
    format_ = request.query_params.get("format", "json")
    if format_ not in {"json", "text"}:
        _refuse("format must be json or text")
    return format_ == "text"


def _place(request: Request) -> tuple[str, int | None]:
    """Return the parameter that says where to read, `after` without any, and its value; None for the end of it all."""
    given = [name for name in _PAGES if name in request.query_params]
    if len(given) > 1:
        _refuse(f"{' and '.join(given)} exclude each other: send one")
    if given in ([], ["after"]):
        return "after", seq_after(request)
    [name] = given
    if name == "before" and not request.query_params[name]:
        return name, None
    return name, queries.integer(request, name, 1, minimum=1, maximum=MAX_SEQ)


def _refuse(text: str) -> NoReturn:
    raise InvalidInput(text, code="INVALID_QUERY")


async def _matches(search: LogSearch, status: Status, after: int, limit: int) -> LogMatches:
    found, last = await search.page(after, limit)
    more = last > after and await search.output.goes_on(last)
    return LogMatches(search.output.task_id, search.output.attempt, status, last, more, tuple(found))


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
