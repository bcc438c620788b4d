"""The caller's organization: what it is set to, seen by its members, changed by its admins."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from runcast_api.authentication import authenticate, authenticate_admin
from runcast_api.bodies import read
from runcast_api.models import OrganizationPatch
from runcast_core.accounts import organization_settings_json
from runcast_core.bus import Signal, SignalKind
from runcast_core.hints import hint
from runcast_core.store import Store


async def show_organization(request: Request) -> Response:
    claims = await authenticate(request)
    store: Store = request.app.state.store
    known = await store.organization(claims.organization_id)
    shown = organization_settings_json(known) if known else {"organizationId": claims.organization_id}
    return JSONResponse({"organization": shown})


async def change_organization(request: Request) -> Response:
    """Change what is sent, and wake the runners where more may run now."""
    claims = await authenticate_admin(request)
    changes = (await read(OrganizationPatch, request)).changes()
    store: Store = request.app.state.store
    changed = await store.change_organization(claims.organization_id, **changes)
    if "concurrency_limit" in changes:
        await hint(request.app.state.bus, Signal(SignalKind.WAKE, claims.organization_id))
    return JSONResponse({"organization": organization_settings_json(changed)})
