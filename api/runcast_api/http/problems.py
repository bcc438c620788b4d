"""The one place where an error becomes an HTTP answer: `{"error", "code", "details"?}`."""

import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from runcast_api.http.answer import Answer
from runcast_api.http.request_ids import HEADER
from runcast_core.model.errors import Conflict, InvalidInput, InvalidToken, NotFound, RuncastError
from runcast_core.model.wire.shape import Problem

log = structlog.get_logger()

_STATUS_BY_CODE = {
    "BODY_TIMEOUT": 408,
    "BODY_TOO_LARGE": 413,
    "FORBIDDEN": 403,
    "CALLBACK_FORBIDDEN": 403,
    "WRONG_PASSWORD": 403,
    "ORGANIZATION_REQUIRED": 422,
    "SECRETS_NOT_CONFIGURED": 422,
    "SECRETS_UNREADABLE": 409,
    "TOO_MANY_DOWNLOADS": 429,
}
_STATUS_BY_CLASS: dict[type[RuncastError], int] = {InvalidInput: 400, InvalidToken: 401, NotFound: 404, Conflict: 409}
RETRY_AFTER_S = "2"
_HEADERS_BY_STATUS = {
    401: {"WWW-Authenticate": "Bearer"},
    408: {"Connection": "close"},
    429: {"Retry-After": RETRY_AFTER_S},
}
"""After a time-out the rest of the body may still come, so the connection is of no more use."""
INTERNAL = Problem(error="internal error", code="INTERNAL")


class Forbidden(RuncastError):
    """Known, but not allowed to."""

    code = "FORBIDDEN"


def problem(error: RuncastError) -> Response:
    body = Problem(error=error.message, code=error.code, details=error.details)
    if error.temporary:
        log.warning("Request failed", code=error.code, reason=error.message)
        return Answer(body, 503, headers={"Retry-After": RETRY_AFTER_S})
    status = _STATUS_BY_CODE.get(error.code) or _STATUS_BY_CLASS.get(type(error))
    if status is None:
        log.error("Request failed", code=error.code, reason=error.message)
        return Answer(INTERNAL, 500)
    return Answer(body, status, headers=_HEADERS_BY_STATUS.get(status))


async def on_runcast_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RuncastError)  # noqa: S101 - registered for it only
    if isinstance(error, InvalidToken):
        request.app.state.metrics.authentication_errors.labels(error.code).inc()
    return problem(error)


async def on_http_exception(_: Request, error: Exception) -> Response:
    """Answer for an unknown path or method."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it only
    code = {404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}.get(error.status_code, "HTTP_ERROR")
    return Answer(Problem(error=error.detail, code=code), error.status_code, headers=error.headers)


async def on_unexpected(request: Request, error: Exception) -> Response:
    """Answer without anything of the inside; the log has it."""
    request_id = request.scope["request_id"]  # this runs outside of the middleware that binds it
    log.error("Request failed", path=request.url.path, request_id=request_id, exc_info=error)
    return Answer(INTERNAL, 500, headers={HEADER: request_id})
