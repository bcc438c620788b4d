"""The list of an organization's executions: filtered, a page at a time, with how many have not ended."""

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate
from runcast_api.executions.cursors import decode_cursor, encode_cursor
from runcast_api.http import queries
from runcast_api.http.answer import Answer
from runcast_core.model.errors import InvalidInput
from runcast_core.model.executions import ExecutionSummary, Status
from runcast_core.model.identifiers import POOL_PATTERN
from runcast_core.model.wire.executions import ExecutionPage, ExecutionRow, LiveCounts
from runcast_core.store.listing import Position, Wanted
from runcast_core.store.store import Store

PAGE = 50
MAX_PAGE = 200
MAX_TEXT = 256
MAX_IMAGE = 4096
MAX_USER_ID = 1024


async def list_executions(request: Request) -> Response:
    """Answer with a page that ends with `limit` executions, or where the call has looked at as many as it may."""
    claims = await authenticate(request)
    limit = queries.integer(request, "limit", PAGE, minimum=1, maximum=MAX_PAGE)
    cursor = request.query_params.get("cursor")
    after = decode_cursor(cursor) if cursor else None
    wanted = _wanted(request)
    store: Store = request.app.state.store
    down_to = await store.horizon(claims.organization_id, wanted, after=after)
    found = await store.executions(claims.organization_id, wanted, after=after, down_to=down_to, limit=limit + 1)
    page = found[:limit]
    last = Position(page[-1].created_at, page[-1].task_id) if len(found) > limit else down_to
    answer = ExecutionPage(
        executions=await _rows(store, claims.organization_id, page),
        next_cursor=encode_cursor(last) if last else None,
        live=LiveCounts.of(await store.live_counts(claims.organization_id)),
    )
    return Answer(answer)


async def _rows(store: Store, organization_id: str, page: Sequence[ExecutionSummary]) -> tuple[ExecutionRow, ...]:
    waiting = [execution.task_id for execution in page if execution.status is Status.PENDING]
    places = await store.queue_positions(organization_id, waiting) if waiting else {}
    return tuple(ExecutionRow.of(execution, queue_position=places.get(execution.task_id)) for execution in page)


def _wanted(request: Request) -> Wanted:
    image = queries.text(request, "image", MAX_IMAGE)
    exact, prefix = (None, image[:-1]) if image is not None and image.endswith("*") else (image, None)
    if "*" in (exact or prefix or ""):
        raise InvalidInput("image takes a * at its end only, for all that begin so", code="INVALID_QUERY")
    since, until = queries.time(request, "since"), queries.time(request, "until")
    if since is not None and until is not None and since >= until:
        raise InvalidInput("since must be before until", code="INVALID_QUERY")
    return Wanted(
        statuses=queries.statuses(request),
        image=exact,
        image_prefix=prefix,
        requested_by=queries.text(request, "requestedBy", MAX_USER_ID),
        pool=queries.matching(request, "pool", POOL_PATTERN),
        since=since,
        until=until,
        text=queries.text(request, "q", MAX_TEXT),
    )
