"""A page's session goes on by its cookie, which is another one each time, or ends: the two calls that read a cookie.

The newest cookie is good, and the one before for half a minute, as two tabs may refresh at once and an answer may be
lost. An older one is in two hands, so its session ends. What never was a cookie of the session ends nothing.
"""

import structlog
from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import check_accounts_here
from runcast_api.accounts.entry import member, token_answer
from runcast_api.accounts.pages.chain import Chain
from runcast_api.accounts.pages.cookie import (
    LIFETIME_S,
    forget_cookie,
    give_cookie,
    read_cookie,
    session_ended,
)
from runcast_api.accounts.pages.same_origin import check_own_page
from runcast_api.accounts.sessions import end_session
from runcast_api.http.problems import on_runcast_error
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import PageSession, secret_hash
from runcast_core.model.errors import InvalidInput, InvalidToken
from runcast_core.store.store import Store

log = structlog.get_logger()

GRACE_MS = 30_000


async def refresh(request: Request) -> Response:
    check_accounts_here(request)
    check_own_page(request)
    try:
        return await _refreshed(request)
    except (InvalidToken, InvalidInput) as error:
        return await _ended(request, error)


async def log_out(request: Request) -> Response:
    """End the session of the cookie, even an old one."""
    check_accounts_here(request)
    check_own_page(request)
    try:
        session_id, _ = read_cookie(request)
        store: Store = request.app.state.store
        session = await store.session(session_id)
        if session is None:
            raise session_ended()
    except (InvalidToken, InvalidInput) as error:
        return await _ended(request, error)
    await end_session(request, session)
    response = Response(status_code=204)
    forget_cookie(response, request.app.state.settings)
    return response


async def _refreshed(request: Request) -> Response:
    """The time is taken before anything is read: whoever ends the session later ends the token as well."""
    at_ms = now_ms()
    store: Store = request.app.state.store
    session_id, secret = read_cookie(request)
    session = await store.session(session_id)
    if session is None:
        raise session_ended()
    found = await member(store, session.organization_id, session.user_id, at_ms)
    if found is None:
        raise session_ended()
    successor = await _rotated(request, session, secret, at_ms)
    answer = token_answer(request, found, 200, session_id)
    chain: Chain = request.app.state.chain
    give_cookie(answer, request.app.state.settings, chain.value(session_id, successor))
    return answer


async def _rotated(request: Request, session: PageSession, secret: str, at_ms: int) -> str:
    """Return the secret of the next cookie, once it is the session's newest. Raises `InvalidToken`."""
    store: Store = request.app.state.store
    chain: Chain = request.app.state.chain
    given, successor = secret_hash(secret), chain.successor(session.session_id, secret)
    newest = secret_hash(successor)
    if given == session.secret_hash:
        expires_at = at_ms + LIFETIME_S * 1000
        if await store.rotate_session(session.session_id, given, newest, at=at_ms, expires_at=expires_at):
            return successor
        again = await store.session(session.session_id)
        if again is None:
            raise session_ended()
        session = again  # another tab was faster
    if newest == session.secret_hash and at_ms - session.rotated_at <= GRACE_MS:
        return successor
    log.warning("Cookie used again, session ended", session=session.session_id, user=session.user_id)
    await end_session(request, session)
    raise session_ended()


async def _ended(request: Request, error: InvalidToken | InvalidInput) -> Response:
    response = await on_runcast_error(request, error)
    forget_cookie(response, request.app.state.settings)
    return response
