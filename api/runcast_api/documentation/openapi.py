"""`/openapi.json`: OpenAPI 3.1, built from the table of calls, the wire shapes and the models of bodies."""

import re
from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from runcast_api.documentation.call import Access, Call
from runcast_api.documentation.calls import CALLS
from runcast_api.documentation.schemas import REF, schemas, shapes
from runcast_core.model.identifiers import TASK_ID_PATTERN
from runcast_core.model.wire.shape import Problem

_SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    Access.PUBLIC: [],
    Access.PAGE: [{"pageSession": [], "ownPage": []}],
    Access.OWNER: [{"bearer": []}],
    Access.MANAGER: [{"bearer": []}],
    Access.WORKER: [{"callbackToken": []}, {}],
}
"""Whoever else may call shows a token or an API key."""
_KEY_OR_TOKEN: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}]
_IN_PATH = {"taskId": {"type": "string", "pattern": TASK_ID_PATTERN}}
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "rck_…; also as a bearer token"},
    "pageSession": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Secure-runcast_session",
        "description": "Set where one logs in with `session`; on loopback without the prefix.",
    },
    "ownPage": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Runcast",
        "description": "`1`, with the browser's `Sec-Fetch-Site: same-origin` or `Origin`.",
    },
    "callbackToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "RUNCAST_CALLBACK_TOKEN, a worker key (rcw_…), or the RUNCAST_JOB_TOKEN of a job for itself",
    },
}


@cache
def openapi() -> dict[str, Any]:
    """Return the document; it is one, for all to read."""
    paths: dict[str, Any] = {}
    for call in CALLS:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Runcast", "version": "1", "description": "Runs container images and streams their output."},
        "paths": paths,
        "components": {"schemas": schemas(CALLS), "securitySchemes": _SCHEMES},
    }


async def openapi_json(_: Request) -> Response:
    return JSONResponse(openapi())


def _operation(call: Call) -> dict[str, Any]:
    refused = {"description": "refused", "content": _content(Problem)}
    content = _content(call.answer) | ({"text/plain": {}} if call.text else {})
    done = {"description": "done"} | ({"content": content} if call.answer else {})
    operation = {
        "summary": call.summary,
        "description": f"For {call.access.value}.",
        "operationId": call.handler.__name__,
        "security": _SECURITY.get(call.access, _KEY_OR_TOKEN),
        "parameters": _parameters(call),
        "responses": {str(call.status): done, "default": refused},
    }
    body = {"required": call.body_required, "content": _content(call.body)}
    return operation | ({"requestBody": body} if call.body else {})


def _parameters(call: Call) -> list[dict[str, Any]]:
    named = {name: _IN_PATH.get(name, {"type": "string"}) for name in re.findall(r"{(\w+)}", call.path)}
    in_path = [{"name": name, "in": "path", "required": True, "schema": schema} for name, schema in named.items()]
    return in_path + [{"name": name, "in": "query", "schema": schema} for name, schema in call.query.items()]


def _content(model: Any) -> dict[str, Any]:
    """Return the JSON of a model, or of one of several."""
    each = [{"$ref": REF + shape.__name__} for shape in shapes(model)]
    return {"application/json": {"schema": each[0] if len(each) == 1 else {"anyOf": each}}}
