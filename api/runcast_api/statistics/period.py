"""The period that a question is about, from the query: the last 30 days without one."""

import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from starlette.requests import Request

from runcast_core.model.clock import now_ms
from runcast_core.model.errors import InvalidInput

DAY_MS = 86_400_000
USUAL_DAYS = 30
MAX_DAYS = 90
MAX_OFFSET = 14 * 60
"""Minutes: no place on Earth is further from UTC."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 253_402_300_799_999
"""The last millisecond that has a date of four digits in a year."""
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
    """Return what `since` and `until` say. Raises `InvalidInput` for what is no period of up to `MAX_DAYS`."""
    until = _time(request, "until", now_ms())
    since = _time(request, "since", max(0, until - USUAL_DAYS * DAY_MS))
    if not 0 < until - since <= MAX_DAYS * DAY_MS:
        text = f"since must be before until, and by {MAX_DAYS} days at most; without until, that is now"
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
    return (_EPOCH + timedelta(days=day)).date().isoformat()


def _time(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        ms = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(_LAST_MS)) else _iso_ms(text)
    except (ValueError, OverflowError):
        ms = -1
    if not 0 <= ms <= _LAST_MS:
        problem = f"{name} must be a time in ISO 8601 (a + percent-encoded as %2B), or in milliseconds since 1970"
        raise InvalidInput(problem, code="INVALID_QUERY")
    return ms


def _iso_ms(text: str) -> int:
    """A time without a zone is UTC."""
    time = datetime.fromisoformat(text)
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // timedelta(milliseconds=1)
