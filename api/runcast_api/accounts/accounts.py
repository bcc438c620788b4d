"""Sign-up, log-in, and who a token stands for."""

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate, check_accounts_here
from runcast_api.accounts.entry import enter, read_entry, wrong_credentials
from runcast_api.accounts.keys import key_name
from runcast_api.accounts.password_rules import check_password
from runcast_api.accounts.passwords import hash_password, verify_password
from runcast_api.http.answer import Answer
from runcast_api.http.problems import Forbidden
from runcast_api.models.accounts import Login, Signup
from runcast_core.model.accounts import Organization, Role, User
from runcast_core.model.clock import now_ms
from runcast_core.model.identifiers import new_id
from runcast_core.model.wire.accounts import OrganizationAnswer, UserAnswer, Who
from runcast_core.store.store import Store


async def signup(request: Request) -> Response:
    if not request.app.state.settings.public_signup:
        raise Forbidden("sign-up is switched off on this installation")
    check_accounts_here(request)
    body = await read_entry(Signup, request)
    check_password(body.password, body.email, body.name, body.organization_name)
    now = now_ms()
    organization = Organization(new_id(), body.organization_name, now)
    hashed = await hash_password(body.password)
    user = User(new_id(), organization.organization_id, body.email, body.name, Role.ADMIN, hashed, now)
    await request.app.state.store.create_account(organization, user)
    return await enter(request, user, 201, session=body.session)


async def login(request: Request) -> Response:
    check_accounts_here(request)
    body = await read_entry(Login, request)
    store: Store = request.app.state.store
    user = await store.user_by_email(body.email)
    if not await verify_password(user.password_hash if user else None, body.password) or user is None:
        raise wrong_credentials()
    return await enter(request, user, 200, session=body.session)


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
