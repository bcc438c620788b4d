"""Reads JSON bodies, whatever their content type says, within the bounds of size, depth and time."""

from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from starlette.requests import Request

from runcast_api.http.reauthentication import authenticate_again
from runcast_core.model.errors import InvalidInput
from runcast_core.serving.request_body import received

M = TypeVar("M", bound=BaseModel)
MAX_DEPTH = 64
"""orjson writes 254 levels and MongoDB keeps 100; nobody needs as many."""
BODY_TIMEOUT_S = 30.0
"""How long a body may take to arrive."""
PROMPT_S = 0.1
"""A caller who was looked at no longer ago, when the body is there, is not looked at again."""
_MAX_NAME = 100


async def read_object(request: Request) -> dict[str, Any]:
    """Return the body's JSON object. Raises `InvalidInput` (`BODY_TOO_LARGE`, `BODY_TIMEOUT`, `BODY_INCOMPLETE`,
    `INVALID_JSON`), and what refuses a caller who lost their rights while it came."""
    return _object(await _received(request))


async def _received(request: Request) -> bytes:
    limit: int = request.app.state.settings.max_body_bytes
    body = await received(request, max_bytes=limit, timeout_s=BODY_TIMEOUT_S)
    await authenticate_again(request, PROMPT_S)
    return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise InvalidInput("the body is not valid JSON in UTF-8", code="INVALID_JSON") from exc
    if not isinstance(value, dict):
        raise InvalidInput("the body must be a JSON object", code="INVALID_JSON")
    if _deeper_than(MAX_DEPTH, value):
        raise InvalidInput(f"the body is nested deeper than {MAX_DEPTH} levels", code="INVALID_JSON")
    return value


def parse(model: type[M], value: dict[str, Any]) -> M:
    """Return the model. Raises `InvalidInput` with where and why, never with the value."""
    try:
        return model.model_validate(value)
    except ValidationError as exc:
        details = [_detail(fault) for fault in exc.errors(include_url=False, include_input=False)[:50]]
        faults = "; ".join(f"{detail['field']}: {detail['problem']}" for detail in details[:5])
        raise InvalidInput(faults, code="INVALID_REQUEST", details=details) from None


async def read(model: type[M], request: Request) -> M:
    return parse(model, await read_object(request))


async def read_if_any(model: type[M], request: Request) -> M:
    """As `read`; no body at all is an object without fields."""
    body = await _received(request)
    return parse(model, _object(body) if body else {})


def _detail(fault: ErrorDetails) -> dict[str, str]:
    """Name the field and what is wrong; a validator's own text may quote the value, so it is not passed on."""
    field = ".".join(str(part)[:_MAX_NAME] for part in fault["loc"])
    return {"field": field, "problem": "is not valid" if fault["type"] == "value_error" else fault["msg"]}


def _deeper_than(limit: int, value: object) -> bool:
    level: list[object] = [value]
    for _ in range(limit):
        level = [child for node in level for child in _children(node)]
        if not level:
            return False
    return True


def _children(node: object) -> list[object]:
    """Return the objects and arrays within one."""
    values = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return [value for value in values if isinstance(value, dict | list)]
