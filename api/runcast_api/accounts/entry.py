"""The tokens that are given out, to whoever proved who they are: what the store says of them last, and as of when."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.pages.cookie import give_cookie
from runcast_api.accounts.pages.opening import TOKEN_LIFETIME_S, open_session
from runcast_api.accounts.pages.same_origin import check_no_other_page
from runcast_api.http.answer import Answer
from runcast_api.http.bodies import read
from runcast_api.models.accounts import Entry
from runcast_core.access.tokens import Claims, ends_at, token_issuer
from runcast_core.bus.revocations import REMOVED
from runcast_core.model.accounts import Organization, User
from runcast_core.model.clock import iso, now_ms
from runcast_core.model.credentials import PageSession
from runcast_core.model.errors import InvalidToken, NotFound
from runcast_core.model.identifiers import EVERYBODY
from runcast_core.model.wire.accounts import OrganizationAnswer, Session, UserAnswer
from runcast_core.store.store import Store

M = TypeVar("M", bound=Entry)


@dataclass(frozen=True, slots=True)
class Member:
    """Who gets a token; it is as of `at_ms`, or of `revoked_at` where another host's clock made that later."""

    user: User
    organization: Organization
    at_ms: int
    revoked_at: int


async def member(store: Store, organization_id: str, user_id: str, at_ms: int) -> Member | None:
    """Return what the store knows, or None of a user who was removed. Raises `InvalidToken` (`ORGANIZATION_DELETED`).

    First comes the time, then what was revoked, then the user. So whatever changes after the user was read, such as the
    role, is revoked later than `at_ms`, and with it the token.
    """
    standing = await store.standing(organization_id, (user_id, EVERYBODY))
    user = await store.user(organization_id, user_id)
    organization = await store.organization(organization_id)
    if organization is None or organization.deleted:
        raise InvalidToken("the organization was deleted", code="ORGANIZATION_DELETED")
    revoked_at = standing.sessions_revoked_at or 0
    return Member(user, organization, at_ms, revoked_at) if user is not None and revoked_at != REMOVED else None


async def read_entry(model: type[M], request: Request) -> M:
    """Return the body of a way in. Raises `InvalidInput`, or `Forbidden` where another site's page asks for a
    session."""
    body = await read(model, request)
    if body.session:
        check_no_other_page(request)
    return body


async def enter(request: Request, user: User, status: int, *, session: bool) -> Response:
    """Answer a token to who knows the user's password, and open the session of a page if that is asked for. Raises
    `InvalidToken` if the password, or everything, is another meanwhile."""
    store: Store = request.app.state.store
    at_ms = now_ms()
    opened, cookie = await open_session(request, user) if session else (None, "")
    try:
        found = await member(store, user.organization_id, user.user_id, at_ms)
        if found is None or found.user.password_hash != user.password_hash:
            raise wrong_credentials()
    except InvalidToken:
        await _close(store, opened)
        raise
    answer = token_answer(request, found, status, opened.session_id if opened else None)
    if opened is not None:
        give_cookie(answer, request.app.state.settings, cookie)
    return answer


async def enter_again(request: Request, claims: Claims) -> Response:
    """Answer a new token to whose tokens were revoked just now, in the session of a page that they are in, if any."""
    store: Store = request.app.state.store
    at_ms = now_ms()
    kept = await store.session(claims.session_id) if claims.session_id is not None else None
    found = await member(store, claims.organization_id, claims.user_id, at_ms)
    if found is None or (claims.session_id is not None and kept is None):
        raise InvalidToken("the session was ended meanwhile; log in again", code="SESSION_REVOKED")
    return token_answer(request, found, 200, claims.session_id)


def token_answer(request: Request, found: Member, status: int, session_id: str | None) -> Response:
    token = token_issuer(request.app.state.settings).issue(
        found.user.user_id,
        found.user.organization_id,
        found.user.role,
        at_ms=found.at_ms,
        not_before_ms=found.revoked_at,
        session_id=session_id,
        lifetime_s=TOKEN_LIFETIME_S if session_id is not None else None,
    )
    shown = Session(
        token=token,
        expires_at=iso(ends_at(token) * 1000),
        user=UserAnswer.of(found.user),
        organization=OrganizationAnswer.of(found.organization),
    )
    return Answer(shown, status)


def wrong_credentials() -> InvalidToken:
    return InvalidToken("wrong e-mail address or password", code="INVALID_CREDENTIALS")


async def _close(store: Store, opened: PageSession | None) -> None:
    with suppress(NotFound):
        if opened is not None:
            await store.end_session(opened.organization_id, opened.user_id, opened.session_id)
