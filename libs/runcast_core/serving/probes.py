"""`/livez`, `/readyz` and `/metrics`, the same on every service."""

from collections.abc import Awaitable, Callable, Mapping

import anyio
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from runcast_core.model.errors import RuncastError

Check = Callable[[], Awaitable[None]]
READY_TIMEOUT_S = 2.0


def probe_routes(checks: Mapping[str, Check], registry: CollectorRegistry) -> list[Route]:
    """Return the routes. Ready is who passes every check, each within 2 s; a check fails by `RuncastError`."""

    async def livez(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(_: Request) -> Response:
        faults = {name: fault for name, check in checks.items() if (fault := await _fault(check))}
        return JSONResponse({"ready": not faults, **({"faults": faults} if faults else {})}, 503 if faults else 200)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return [Route("/livez", livez), Route("/readyz", readyz), Route("/metrics", metrics)]


async def _fault(check: Check) -> str | None:
    try:
        with anyio.fail_after(READY_TIMEOUT_S):
            await check()
    except RuncastError as error:
        return error.code
    except TimeoutError:
        return "TIMEOUT"
    return None
