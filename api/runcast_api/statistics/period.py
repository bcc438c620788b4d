"""The period that a question is about, from the query: the last 30 days without one."""

import re
from datetime import date, timedelta
from typing import NamedTuple

from starlette.requests import Request

from runcast_api.http import queries
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import InvalidInput

DAY_MS = 86_400_000
USUAL_DAYS = 30
MAX_DAYS = 90
MAX_OFFSET = 14 * 60
"""Minutes: no place on Earth is further from UTC."""
_FIRST_DAY = date(1970, 1, 1)
_OFFSET = re.compile(r"[+-]?[0-9]{1,3}")


class Period(NamedTuple):
    """From `since` until before `until`, in UTC milliseconds."""

    since: int
    until: int

    @property
    def before(self) -> "Period":
        """The one of the same length before it."""
        return Period(2 * self.since - self.until, self.since)


def period(request: Request) -> Period:
    """Return what `since` and `until` say, until now at most. Raises `InvalidInput` for what is no period of up to
    `MAX_DAYS`."""
    now = now_ms() + 1  # so that what ended just now is in it
    until = min(now, _or(queries.time(request, "until"), now))
    since = _or(queries.time(request, "since"), max(0, until - USUAL_DAYS * DAY_MS))
    if not 0 < until - since <= MAX_DAYS * DAY_MS:
        text = f"since must be before until, and by {MAX_DAYS} days at most; until is now at the latest"
        raise InvalidInput(text, code="INVALID_QUERY")
    return Period(since, until)


def day_offset_ms(request: Request) -> int:
    """Return by how much the reader's days begin before those of UTC. Raises `InvalidInput`."""
    text = request.query_params.get("offsetMinutes", "0")
    if not _OFFSET.fullmatch(text) or abs(int(text)) > MAX_OFFSET:
        problem = f"offsetMinutes must be a whole number from -{MAX_OFFSET} to {MAX_OFFSET}, positive east of UTC"
        raise InvalidInput(problem, code="INVALID_QUERY")
    return int(text) * 60_000


def date_of(day: int) -> str:
    """Return the ISO date of a day, counted since 1970."""
    return (_FIRST_DAY + timedelta(days=day)).isoformat()


def _or(time: int | None, default: int) -> int:
    return default if time is None else time
