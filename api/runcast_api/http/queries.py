"""Query parameters, checked."""

from starlette.requests import Request

from runcast_core.model.errors import InvalidInput
from runcast_core.model.executions import Status


def integer(request: Request, name: str, default: int, *, minimum: int, maximum: int) -> int:
    """Return a whole number within bounds. Raises `InvalidInput`."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 18 or not minimum <= int(text) <= maximum:
        raise InvalidInput(f"{name} must be a whole number from {minimum} to {maximum}", code="INVALID_QUERY")
    return int(text)


def status(request: Request) -> Status | None:
    text = request.query_params.get("status")
    if text is None:
        return None
    if text not in Status.__members__:
        raise InvalidInput(f"status must be one of {', '.join(Status)}", code="INVALID_QUERY")
    return Status(text)
