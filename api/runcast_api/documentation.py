"""`/openapi.json`, built from the table of calls and the models, and `/docs`, a page of it without any script."""

from html import escape
from typing import Any

import orjson
from pydantic.json_schema import models_json_schema
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from runcast_api.calls import CALLS, Call

_REF = "#/components/schemas/{model}"
_ERROR = {
    "type": "object",
    "required": ["error", "code"],
    "properties": {"error": {"type": "string"}, "code": {"type": "string"}, "details": {}},
}
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "code,pre{font:14px ui-monospace,monospace}pre{background:#f4f5f7;padding:1rem;overflow:auto;border-radius:6px}"
    "section{border-top:1px solid #d8dbe0}b{display:inline-block;min-width:4.5rem}"
)
CSP = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"


def openapi() -> dict[str, Any]:
    """Return the OpenAPI 3.1 document."""
    bodies = [(call.body, "validation") for call in CALLS if call.body is not None]
    _, schemas = models_json_schema(bodies, ref_template=_REF)  # type: ignore[arg-type]
    paths: dict[str, Any] = {}
    for call in CALLS:
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Runcast", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": {**schemas.get("$defs", {}), "Error": _ERROR},
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


async def openapi_json(_: Request) -> Response:
    return JSONResponse(openapi())


async def docs(_: Request) -> Response:
    sections = "".join(_section(call) for call in CALLS)
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Runcast API</title><style>{_STYLE}</style>'
        f"<h1>Runcast API</h1><p>Send <code>Authorization: Bearer &lt;token&gt;</code> unless a call says public. "
        f'Machine-readable: <a href="/openapi.json">/openapi.json</a>.</p>{sections}</html>'
    )
    return HTMLResponse(page, headers={"Content-Security-Policy": CSP})


def _operation(call: Call) -> dict[str, Any]:
    problem = {"content": {"application/json": {"schema": {"$ref": _REF.format(model="Error")}}}}
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in call.query]
    if "{task_id}" in call.path:
        parameters.append({"name": "task_id", "in": "path", "required": True, "schema": {"type": "string"}})  # type: ignore[dict-item]
    operation: dict[str, Any] = {
        "summary": call.summary,
        "operationId": call.handler.__name__,
        "security": [] if call.public else [{"bearer": []}],
        "parameters": parameters,
        "responses": {str(call.status): {"description": "done"}, "default": {"description": "refused", **problem}},
    }
    if call.body is not None:
        schema = {"$ref": _REF.format(model=call.body.__name__)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _section(call: Call) -> str:
    public = " <em>public</em>" if call.public else ""
    query = f"<p>Query: <code>{', '.join(call.query)}</code></p>" if call.query else ""
    text = orjson.dumps(call.body.model_json_schema(), option=orjson.OPT_INDENT_2).decode() if call.body else ""
    body = f"<details><summary>Body</summary><pre>{escape(text)}</pre></details>" if text else ""
    return (
        f"<section><p><b>{call.method}</b> <code>{escape(call.path)}</code>{public} → {call.status}</p>"
        f"<p>{escape(call.summary)}</p>{query}{body}</section>"
    )
