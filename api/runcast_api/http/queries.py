"""Query parameters, checked."""

import re
from datetime import UTC, datetime, timedelta

from starlette.requests import Request

from runcast_core.model.errors import InvalidInput
from runcast_core.model.executions import Status

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = 253_402_300_799_999
"""The end of the year 9999, in milliseconds."""
_DATE = len("2026-01-31")


def integer(request: Request, name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return a whole number within bounds. Raises `InvalidInput`."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 18 or not minimum <= int(text) <= maximum:
        raise InvalidInput(f"{name} must be a whole number from {minimum} to {maximum}", code="INVALID_QUERY")
    return int(text)


def text(request: Request, name: str, longest: int) -> str | None:
    """Return a text within bounds, None where there is none. Raises `InvalidInput`."""
    value = request.query_params.get(name)
    if value is None:
        return None
    if not 1 <= len(value) <= longest or "\0" in value:
        raise InvalidInput(f"{name} must have 1 to {longest} characters; leave it out for all", code="INVALID_QUERY")
    return value


def matching(request: Request, name: str, pattern: str) -> str | None:
    """Return a text that the pattern describes, None where there is none. Raises `InvalidInput`."""
    value = request.query_params.get(name)
    if value is not None and not re.fullmatch(pattern, value):
        raise InvalidInput(f"{name} must match {pattern}; leave it out for all", code="INVALID_QUERY")
    return value


def time(request: Request, name: str) -> int | None:
    """Return a time in milliseconds since 1970, None where there is none. Raises `InvalidInput`."""
    value = request.query_params.get(name)
    at = None if value is None else _milliseconds(value)
    if value is not None and (at is None or not 0 <= at <= _LATEST):
        raise InvalidInput(
            f"{name} must be a time from 1970 to 9999: milliseconds since 1970 in UTC, or ISO 8601 with its zone such "
            "as 2026-01-31T12:00:00Z (write a + as %2B), or a date, which begins in UTC",
            code="INVALID_QUERY",
        )
    return at


def _milliseconds(value: str) -> int | None:
    if value.isascii() and value.isdigit():
        return int(value) if len(value) <= len(str(_LATEST)) else None
    try:
        at = datetime.fromisoformat(value)
        zoned = at.replace(tzinfo=UTC) if len(value) <= _DATE else at
        return (zoned - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, TypeError):  # the latter where it has no zone
        return None


def statuses(request: Request) -> frozenset[Status]:
    """Return those that are asked for, one a parameter or with commas between. Raises `InvalidInput`."""
    asked = {name for value in request.query_params.getlist("status") for name in value.split(",")}
    if not asked <= Status.__members__.keys():
        problem = f"status must be one of {', '.join(Status)}, or several with commas between"
        raise InvalidInput(problem, code="INVALID_QUERY")
    return frozenset(map(Status, asked))
