"""How many executions of an organization waited and ran in the last hour, over HTTP."""

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate
from runcast_api.http.answer import Answer
from runcast_core.model.clock import iso
from runcast_core.model.statistics import MINUTE_MS, MINUTES, Activity
from runcast_core.model.wire.statistics import ActivityBucket, ActivityHistory


async def activity(request: Request) -> Response:
    claims = await authenticate(request)
    return Answer(_history(await request.app.state.store.activity(claims.organization_id)))


def _history(found: Activity) -> ActivityHistory:
    loads = enumerate(found.loads, found.minute)
    return ActivityHistory(
        begin=iso(found.minute * MINUTE_MS),
        until=iso((found.minute + MINUTES) * MINUTE_MS),
        step_ms=MINUTE_MS,
        buckets=tuple(ActivityBucket(iso(minute * MINUTE_MS), *load) for minute, load in loads),
    )
