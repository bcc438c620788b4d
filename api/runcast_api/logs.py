"""Output over HTTP: pages of numbered chunks as JSON, or the whole of it streamed as text."""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from runcast_api import queries
from runcast_api.executions import existing
from runcast_core.errors import InvalidInput
from runcast_core.executions import Execution, chunk_json
from runcast_core.store import Store

PAGE = 500
MAX_PAGE = 1000
_MAX = 2**53


async def logs(request: Request) -> Response:
    execution = await existing(request)
    attempt = queries.integer(request, "attempt", execution.attempt, minimum=0, maximum=1_000_000)
    after = queries.integer(request, "after", 0, minimum=0, maximum=_MAX)
    format_ = request.query_params.get("format", "json")
    if format_ == "text":
        return _download(request.app.state.store, execution, attempt, after)
    if format_ != "json":
        raise InvalidInput("format must be json or text", code="INVALID_QUERY")
    limit = queries.integer(request, "limit", PAGE, minimum=1, maximum=MAX_PAGE)
    store: Store = request.app.state.store
    key = execution.organization_id, execution.task_id
    chunks = await store.read_logs(*key, attempt=attempt, after=after, limit=limit)
    last = chunks[-1].seq if chunks else after
    # The store bounds a page's size too, so a page that is not full may yet have one after it.
    more = bool(chunks and await store.read_logs(*key, attempt=attempt, after=last, limit=1))
    body = {"taskId": execution.task_id, "attempt": attempt, "status": execution.status.value}
    return JSONResponse(body | {"chunks": [chunk_json(chunk) for chunk in chunks], "after": last, "more": more})


def _download(store: Store, execution: Execution, attempt: int, after: int) -> Response:
    disposition = f'attachment; filename="{execution.task_id}.log"'
    headers = {"Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    text = _text(store, execution, attempt, after)
    return StreamingResponse(text, media_type="text/plain; charset=utf-8", headers=headers)


async def _text(store: Store, execution: Execution, attempt: int, after: int) -> AsyncIterator[str]:
    key = execution.organization_id, execution.task_id
    while chunks := await store.read_logs(*key, attempt=attempt, after=after, limit=PAGE):
        after = chunks[-1].seq
        yield "".join(f"{chunk.text}\n" for chunk in chunks)
