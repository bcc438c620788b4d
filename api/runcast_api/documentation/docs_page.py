"""`/docs`: every call of the OpenAPI document on one page of plain HTML, without any script."""

import base64
import hashlib
from functools import cache
from html import escape
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from runcast_api.documentation.openapi import openapi

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "code,pre{font:14px ui-monospace,monospace}pre{background:#f4f5f7;padding:1rem;overflow:auto;border-radius:6px}"
    "section{border-top:1px solid #d8dbe0}h2{font-size:1rem}h2 b{display:inline-block;min-width:4.5rem}"
    "summary{cursor:pointer}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


async def docs(_: Request) -> Response:
    return HTMLResponse(_page(), headers=HEADERS)


@cache
def _page() -> str:
    document = openapi()
    calls = "".join(
        _call(method, path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    )
    models = "".join(
        f'<div id="{escape(name)}">{_details(name, schema)}</div>'
        for name, schema in document["components"]["schemas"].items()
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Runcast API</title><style>{_STYLE}</style>'
        "</head><body><h1>Runcast API</h1><p>Send <code>Authorization: Bearer &lt;token&gt;</code> where a call is not "
        'for anybody. For machines: <a href="/openapi.json">/openapi.json</a>.</p>'
        f"{calls}<section><h2>Models</h2>{models}</section></body></html>"
    )


def _call(method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = {p["name"]: p["schema"] for p in operation["parameters"] if p["in"] == "query"}
    statuses = " · ".join(status for status in operation["responses"] if status != "default")
    return (
        f"<section><h2><b>{method.upper()}</b> <code>{escape(path)}</code> → {statuses}</h2>"
        f"<p>{escape(operation['summary'])}. {escape(operation['description'])}</p>"
        f"{_details('Query', parameters) if parameters else ''}{_models(operation)}</section>"
    )


def _models(operation: dict[str, Any]) -> str:
    """Name the models of body and answer, which stand below on the page."""
    parts = {"Body": operation.get("requestBody", {}), "Answer": next(iter(operation["responses"].values()))}
    return "".join(f"<p>{label}: {_links(part)}</p>" for label, part in parts.items() if "content" in part)


def _links(part: dict[str, Any]) -> str:
    schema = part["content"]["application/json"]["schema"]
    names = [escape(each["$ref"].rpartition("/")[2]) for each in schema.get("anyOf", [schema])]
    return " or ".join(f'<a href="#{name}"><code>{name}</code></a>' for name in names)


def _details(name: str, schema: Any) -> str:
    text = escape(orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode())
    return f"<details><summary>{escape(name)}</summary><pre>{text}</pre></details>"
