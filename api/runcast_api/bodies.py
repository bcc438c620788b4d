"""Reads JSON bodies, whatever their content type says, within the bound of the settings."""

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from runcast_core.errors import InvalidInput
from starlette.requests import Request

M = TypeVar("M", bound=BaseModel)


async def read_object(request: Request) -> dict[str, Any]:
    """Return the body's JSON object. Raises `InvalidInput` (`BODY_TOO_LARGE`, `INVALID_JSON`)."""
    limit: int = request.app.state.settings.max_body_bytes
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise InvalidInput(f"the body is larger than {limit} bytes", code="BODY_TOO_LARGE")
    try:
        value = orjson.loads(bytes(body))
    except orjson.JSONDecodeError as exc:
        raise InvalidInput("the body is not valid JSON in UTF-8", code="INVALID_JSON") from exc
    if not isinstance(value, dict):
        raise InvalidInput("the body must be a JSON object", code="INVALID_JSON")
    return value


def parse(model: type[M], value: dict[str, Any]) -> M:
    """Return the model. Raises `InvalidInput` with where and why, never with the value."""
    try:
        return model.model_validate(value)
    except ValidationError as exc:
        details = [{"field": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in exc.errors()]
        faults = "; ".join(f"{detail['field']}: {detail['problem']}" for detail in details[:5])
        raise InvalidInput(faults, code="INVALID_REQUEST", details=details[:50]) from None


async def read(model: type[M], request: Request) -> M:
    return parse(model, await read_object(request))
