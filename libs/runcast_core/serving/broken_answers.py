"""An answer that cannot be ended as it should: its connection ends, so that the client sees that it is incomplete."""

from collections.abc import Callable

import structlog
from starlette.requests import Request

log = structlog.get_logger()
_ABORT = "runcast.abort"


def abort_extension(abort: Callable[[], None]) -> dict[str, dict[object, object]]:
    """Return the extensions of an ASGI scope with which whoever answers can end the connection at once."""
    return {_ABORT: {"call": abort}}


async def break_off(request: Request, reason: str) -> None:
    """End the connection of an answer that was begun, and return once it is gone; its end is then not missed by the
    server. With a server that offers nothing like it, return at once, and have the server do as it does."""
    log.info("Answer broken off", path=request.url.path, reason=reason)
    abort = (request.scope.get("extensions") or {}).get(_ABORT)
    if abort is not None:
        abort["call"]()
        while (await request.receive())["type"] != "http.disconnect":
            pass
