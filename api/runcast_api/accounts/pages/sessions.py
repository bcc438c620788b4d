"""The sessions of one's own pages: seen, and ended one by one. `accounts/sessions.py` ends all at once."""

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate_person, check_accounts_here
from runcast_api.accounts.sessions import end_session
from runcast_api.http.answer import Answer
from runcast_core.access.tokens import Claims
from runcast_core.model.credentials import PageSession
from runcast_core.model.errors import NotFound
from runcast_core.model.wire.sessions import PageSessionAnswer, PageSessions
from runcast_core.store.store import Store


async def list_sessions(request: Request) -> Response:
    claims = await authenticate_person(request)
    check_accounts_here(request)
    store: Store = request.app.state.store
    found = await store.sessions(claims.organization_id, claims.user_id)
    shown = tuple(PageSessionAnswer.of(session, claims.session_id) for session in found)
    return Answer(PageSessions(sessions=shown))


async def show_session(request: Request) -> Response:
    claims = await authenticate_person(request)
    check_accounts_here(request)
    return Answer(PageSessionAnswer.of(await _own(request, claims), claims.session_id))


async def end_own_session(request: Request) -> Response:
    claims = await authenticate_person(request)
    check_accounts_here(request)
    await end_session(request, await _own(request, claims))
    return Response(status_code=204)


async def _own(request: Request, claims: Claims) -> PageSession:
    store: Store = request.app.state.store
    session = await store.session(request.path_params["sessionId"])
    if session is None or (session.organization_id, session.user_id) != (claims.organization_id, claims.user_id):
        raise NotFound("no such session")
    return session
