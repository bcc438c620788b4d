"""Reads the body of a request within bounds of size and time."""

import anyio
from starlette.requests import ClientDisconnect, Request

from runcast_core.model.errors import InvalidInput


async def received(request: Request, *, max_bytes: int, timeout_s: float) -> bytes:
    """Return the body. Raises `InvalidInput` (`BODY_TOO_LARGE`, `BODY_TIMEOUT`, `BODY_INCOMPLETE`)."""
    try:
        with anyio.fail_after(timeout_s):
            return await _whole(request, max_bytes)
    except TimeoutError as exc:
        raise InvalidInput(f"the body took longer than {timeout_s:g} s", code="BODY_TIMEOUT") from exc
    except ClientDisconnect as exc:  # the answer goes nowhere; as an error it would be logged as a fault of ours
        raise InvalidInput("the client left before its body was whole", code="BODY_INCOMPLETE") from exc


async def _whole(request: Request, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > max_bytes:
            raise InvalidInput(f"the body is larger than {max_bytes} bytes", code="BODY_TOO_LARGE")
    return bytes(body)
