"""Sign-up, log-in, and who a token stands for."""

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate, check_accounts_here
from runcast_api.accounts.keys import key_name
from runcast_api.accounts.passwords import hash_password, verify_password
from runcast_api.http.answer import Answer
from runcast_api.http.bodies import read
from runcast_api.http.problems import Forbidden
from runcast_api.models.accounts import Login, Signup
from runcast_core.access.tokens import token_issuer
from runcast_core.bus.revocations import REMOVED
from runcast_core.model.accounts import Organization, Role, User
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import InvalidToken
from runcast_core.model.identifiers import EVERYBODY, new_id
from runcast_core.model.wire.accounts import OrganizationAnswer, Session, UserAnswer, Who
from runcast_core.store.store import Store


async def signup(request: Request) -> Response:
    if not request.app.state.settings.public_signup:
        raise Forbidden("sign-up is switched off on this installation")
    check_accounts_here(request)
    body = await read(Signup, request)
    now = now_ms()
    organization = Organization(new_id(), body.organization_name, now)
    hashed = await hash_password(body.password)
    user = User(new_id(), organization.organization_id, body.email, body.name, Role.ADMIN, hashed, now)
    await request.app.state.store.create_account(organization, user)
    return _session(request, user, organization, 201)


async def login(request: Request) -> Response:
    check_accounts_here(request)
    body = await read(Login, request)
    store: Store = request.app.state.store
    user = await store.user_by_email(body.email)
    if not await verify_password(user.password_hash if user else None, body.password) or user is None:
        raise _wrong_credentials()
    organization = await store.organization(user.organization_id)
    if organization is None or organization.deleted:
        raise InvalidToken("the organization was deleted", code="ORGANIZATION_DELETED")
    standing = await store.standing(user.organization_id, (user.user_id, EVERYBODY))
    if standing.sessions_revoked_at == REMOVED:  # while the password was verified
        raise _wrong_credentials()
    return _session(request, user, organization, 200, not_before_ms=standing.sessions_revoked_at or 0)


async def me(request: Request) -> Response:
    """Answer what the store knows of the token's user or the key, and what the token says where it knows nothing."""
    claims = await authenticate(request)
    store = request.app.state.store
    user = await store.user(claims.organization_id, claims.user_id)
    organization = await store.organization(claims.organization_id)
    token_user = UserAnswer(
        id=claims.user_id,
        organization_id=claims.organization_id,
        role=claims.role,
        name=await key_name(store, claims),
    )
    token_organization = OrganizationAnswer(id=claims.organization_id)
    who = Who(
        user=UserAnswer.of(user) if user else token_user,
        organization=OrganizationAnswer.of(organization) if organization else token_organization,
    )
    return Answer(who)


def _session(
    request: Request, user: User, organization: Organization, status: int, *, not_before_ms: int = 0
) -> Response:
    issuer = token_issuer(request.app.state.settings)
    token = issuer.issue(user.user_id, user.organization_id, user.role, not_before_ms=not_before_ms)
    session = Session(token=token, user=UserAnswer.of(user), organization=OrganizationAnswer.of(organization))
    return Answer(session, status)


def _wrong_credentials() -> InvalidToken:
    return InvalidToken("wrong e-mail address or password", code="INVALID_CREDENTIALS")
