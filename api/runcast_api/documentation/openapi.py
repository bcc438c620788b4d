"""`/openapi.json`: OpenAPI 3.1, built from the table of calls, the wire shapes and the models of bodies."""

import re
from inspect import cleandoc
from typing import Any, get_args

import msgspec
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from runcast_api.documentation.calls import CALLS, Access, Call
from runcast_core.model.wire.shape import Problem

_REF = "#/components/schemas/"
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
    """Return the schemas of all bodies, which pydantic reads, and of all answers, which msgspec writes."""
    bodies: set[type[BaseModel]] = {call.body for call in CALLS if call.body}
    inputs: list[tuple[type[BaseModel], JsonSchemaMode]] = [(body, "validation") for body in bodies]
    _, read = models_json_schema(inputs, ref_template=_REF + "{model}")
    answers = {shape for call in CALLS for shape in _shapes(call.answer)} | {Problem}
    _, written = msgspec.json.schema_components(answers, ref_template=_REF + "{name}")
    for schema in written.values():
        schema["description"] = cleandoc(schema["description"])  # msgspec keeps the indentation
    return dict(sorted((read["$defs"] | written).items()))


def _shapes(answer: Any) -> tuple[type, ...]:
    return get_args(answer) or ((answer,) if answer else ())


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


def _content(model: Any) -> dict[str, Any]:
    """Return the JSON of a model, or of one of several."""
    schemas = [{"$ref": _REF + each.__name__} for each in _shapes(model)]
    return {"application/json": {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}}
