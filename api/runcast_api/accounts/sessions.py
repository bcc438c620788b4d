"""Ends sessions: one's own everywhere, another user's by an admin, one of a page; and with each its tokens."""

from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate_manager, authenticate_person
from runcast_core.access.tokens import Claims
from runcast_core.bus.revocations import REMOVED, Revocation
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import PageSession
from runcast_core.model.errors import NotFound
from runcast_core.model.identifiers import EVERYBODY, OWN_SUBJECTS, session_subject
from runcast_core.store.announcer import announce_revocation
from runcast_core.store.store import Store

CLOCKS_APART_MS = 5000
"""How far ahead of this host's clock that of another api may be. Tokens that are issued within that time after a
revocation are as of the revocation."""


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


async def end_every_session(request: Request, organization_id: str, user_id: str, *, but: str | None = None) -> None:
    """End a user's sessions of pages, but one, then every token of theirs that was issued so far, of that one too."""
    store: Store = request.app.state.store
    await store.end_sessions(organization_id, user_id, but=but)
    at = await revocation_time(store, organization_id, (user_id,), CLOCKS_APART_MS)
    await tell_gateways(request, await store.revoke_sessions(organization_id, user_id, at))


async def end_session(request: Request, session: PageSession) -> None:
    """End one session of a page, if nobody else just did, and its tokens."""
    store: Store = request.app.state.store
    with suppress(NotFound):
        await store.end_session(session.organization_id, session.user_id, session.session_id)
    subject = session_subject(session.session_id)
    at = await revocation_time(store, session.organization_id, (session.user_id, subject), CLOCKS_APART_MS)
    await tell_gateways(request, await store.revoke_sessions(session.organization_id, subject, at))


async def revocation_time(
    store: Store, organization_id: str, subjects: tuple[str, ...], clocks_apart_ms: int = 0
) -> int:
    """Return a time that every token of the subjects is older than: also one that was issued as of the revocation
    before this one, and those of hosts whose clocks are ahead by so much."""
    known = (await store.standing(organization_id, subjects)).sessions_revoked_at or 0
    return min(REMOVED, max(now_ms() + clocks_apart_ms, known) + 1)


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
    """End the sessions that began until now; the caller's own too, whose token may come from a clock that is ahead. No
    later ones: whoever else issues tokens may do so at once."""
    store: Store = request.app.state.store
    await store.end_sessions(claims.organization_id, user_id)
    at = await revocation_time(store, claims.organization_id, (user_id,))
    if user_id == claims.user_id and claims.issued_at is not None:
        at = max(at, round(claims.issued_at * 1000) + 1)
    await tell_gateways(request, await store.revoke_sessions(claims.organization_id, user_id, at))
