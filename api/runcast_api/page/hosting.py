"""Serves the page where no call is: its files under their names, and its index wherever a browser asks for a page."""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from runcast_api.http.accepted import IDENTITY, asks_for_html, best_encoding
from runcast_api.page.files import ASSETS, INDEX, PageFile, Variant

_NO_PAGES = (
    "/api/",
    "/docs/",
    "/openapi.json/",
    "/socket.io/",
    "/livez/",
    "/readyz/",
    "/metrics/",
    "/reports/",
    "/executions/update/",
    "/executions/log/",
    ASSETS,
)
"""What is here and below is for programs, or a file: it is there or not, and never the index."""
_VARY = "Accept, Accept-Encoding"


class Hosting:
    """ASGI application for what no route answers; `otherwise` has what is not the page's either."""

    def __init__(self, files: Mapping[str, PageFile], headers: Mapping[str, str], otherwise: ASGIApp) -> None:
        self._files = {**files, "/": files[INDEX]}
        self._headers = headers
        self._otherwise = otherwise

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self._asked_for(scope) if scope["type"] == "http" and scope["method"] in {"GET", "HEAD"} else None
        app = self._otherwise if file is None else self._answer(file, Headers(scope=scope))
        await app(scope, receive, send)

    def _asked_for(self, scope: Scope) -> PageFile | None:
        path: str = scope["path"]
        if path in self._files:
            return self._files[path]
        if f"{path}/".startswith(_NO_PAGES) or not asks_for_html(Headers(scope=scope)):
            return None
        return self._files[INDEX]

    def _answer(self, file: PageFile, asked: Headers) -> Response:
        encoding = best_encoding(asked, [name for name in file.variants if name != IDENTITY])
        variant = file.variants[encoding]
        headers = {**self._headers, "Cache-Control": file.cache_control, "ETag": variant.etag, "Vary": _VARY}
        if _has(asked, variant):
            return Response(status_code=304, headers=headers)
        encoded = {} if encoding == IDENTITY else {"Content-Encoding": encoding}
        return Response(variant.content, headers={**headers, "Content-Type": file.media_type, **encoded})


def _has(asked: Headers, variant: Variant) -> bool:
    """Tell whether the client has it already."""
    tags = [tag.strip().removeprefix("W/") for line in asked.getlist("if-none-match") for tag in line.split(",")]
    return variant.etag in tags or "*" in tags
