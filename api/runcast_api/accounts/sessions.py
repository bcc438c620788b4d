"""Ends sessions: one's own everywhere, or another user's by an admin."""

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate_manager, authenticate_person
from runcast_core.access.tokens import Claims
from runcast_core.bus.revocations import Revocation
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import NotFound
from runcast_core.model.identifiers import EVERYBODY, OWN_SUBJECTS
from runcast_core.store.announcer import announce_revocation
from runcast_core.store.store import Store


async def revoke_own_sessions(request: Request) -> Response:
    claims = await authenticate_person(request)
    await _revoke(request, claims, claims.user_id)
    return Response(status_code=204)


async def revoke_user_sessions(request: Request) -> Response:
    """End another user's sessions. Where an identity provider keeps the accounts, any user id may be one of its."""
    claims = await authenticate_manager(request)
    user_id: str = request.path_params["userId"]
    if not await _may_exist(request, claims.organization_id, user_id):
        raise NotFound("no such user")
    await _revoke(request, claims, user_id)
    return Response(status_code=204)


async def _may_exist(request: Request, organization_id: str, user_id: str) -> bool:
    """Tell whether that may be a user; what names a session, a key or everybody is none."""
    if user_id == EVERYBODY or user_id.startswith(OWN_SUBJECTS):
        return False
    store: Store = request.app.state.store
    return request.app.state.settings.jwks_url is not None or await store.user(organization_id, user_id) is not None


async def tell_gateways(request: Request, revocation: Revocation) -> None:
    """Let the gateways close the user's sockets. It fails no caller: the revocation is stored, and told again."""
    state = request.app.state
    await announce_revocation(state.store, state.bus, revocation, keep_s=state.settings.longest_lifetime_s)


async def _revoke(request: Request, claims: Claims, user_id: str) -> None:
    """End the sessions that began until now; the caller's own too, whose token may come from a clock that is ahead."""
    at = now_ms()
    if user_id == claims.user_id and claims.issued_at is not None:
        at = max(at, round(claims.issued_at * 1000))
    store: Store = request.app.state.store
    await tell_gateways(request, await store.revoke_sessions(claims.organization_id, user_id, at + 1))
