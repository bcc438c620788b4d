"""`/openapi.json`: OpenAPI 3.1, built from the table of calls and the models."""

import re
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from runcast_api.documentation.answers import Problem
from runcast_api.documentation.calls import CALLS, Access, Call

_REF = "#/components/schemas/{model}"
_SECURITY: dict[Access, list[dict[str, list[str]]]] = {
    Access.PUBLIC: [],
    Access.READER: [{"bearer": []}],
    Access.OWNER: [{"bearer": []}],
    Access.WRITER: [{"bearer": []}],
    Access.ADMIN: [{"bearer": []}],
    Access.WORKER: [{"callbackToken": []}, {}],
}
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "callbackToken": {"type": "http", "scheme": "bearer", "description": "RUNCAST_CALLBACK_TOKEN"},
}


def openapi() -> dict[str, Any]:
    """Return the document."""
    paths: dict[str, Any] = {}
    for call in CALLS:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Runcast", "version": "1", "description": "Runs container images and streams their output."},
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": _SCHEMES},
    }


async def openapi_json(_: Request) -> Response:
    return JSONResponse(openapi())


def _schemas() -> dict[str, Any]:
    models = {model for call in CALLS for model in (call.body, call.answer) if model is not None} | {Problem}
    inputs: list[tuple[type[BaseModel], JsonSchemaMode]] = [(model, "validation") for model in models]
    _, schemas = models_json_schema(inputs, ref_template=_REF)
    return dict(sorted(schemas["$defs"].items()))


def _operation(call: Call) -> dict[str, Any]:
    refused = {"description": "refused", "content": _content(Problem)}
    done = {"description": "done"} | ({"content": _content(call.answer)} if call.answer else {})
    operation = {
        "summary": call.summary,
        "description": f"For {call.access.value}.",
        "operationId": call.handler.__name__,
        "security": _SECURITY[call.access],
        "parameters": _parameters(call),
        "responses": {str(call.status): done, "default": refused},
    }
    return operation | ({"requestBody": {"required": True, "content": _content(call.body)}} if call.body else {})


def _parameters(call: Call) -> list[dict[str, Any]]:
    names = re.findall(r"{(\w+)}", call.path)
    in_path = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    return in_path + [{"name": name, "in": "query", "schema": schema} for name, schema in call.query.items()]


def _content(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(model=model.__name__)}}}
