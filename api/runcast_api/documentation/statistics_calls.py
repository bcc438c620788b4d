"""The calls about many executions together, for charts."""

from typing import Any

from runcast_api.documentation.call import Access, Call
from runcast_api.executions import listing
from runcast_api.statistics import activity, images, period
from runcast_core.model.wire.statistics import ActivityHistory, ImageHistory, ImageList

_TIME = "milliseconds since 1970, ISO 8601 with its zone, or a date, which begins in UTC"
_SINCE = f"{_TIME}; {period.USUAL_DAYS} days before `until` without it, {period.MAX_DAYS} at most"
_PERIOD: dict[str, dict[str, Any]] = {
    "since": {"type": "string", "description": _SINCE},
    "until": {"type": "string", "description": f"{_TIME}; now without it"},
}
_HISTORY: dict[str, dict[str, Any]] = {
    "image": {"type": "string", "minLength": 1, "maxLength": listing.MAX_IMAGE, "description": "needed"},
    **_PERIOD,
    "offsetMinutes": {
        "type": "integer",
        "minimum": -period.MAX_OFFSET,
        "maximum": period.MAX_OFFSET,
        "default": 0,
        "description": "by how much the reader's clock is ahead of UTC, for where a day begins",
    },
}

STATISTICS_CALLS = (
    Call(
        "GET",
        "/api/activity",
        activity.activity,
        "How many executions waited and ran in each minute of the last hour",
        Access.READER,
        ActivityHistory,
    ),
    Call(
        "GET",
        "/api/images",
        images.images,
        "How executions ended, by image; the last end first",
        Access.READER,
        ImageList,
        query=_PERIOD,
    ),
    Call(
        "GET",
        "/api/images/history",
        images.image_history,
        "How an image's executions ended, day by day",
        Access.READER,
        ImageHistory,
        query=_HISTORY,
    ),
)
