"""The users of an organization: seen by its members, managed by its admins.

Whether an address has an account elsewhere is nobody's business but its owner's: all that is said is that it cannot be
used here.
"""

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate, authenticate_manager, check_accounts_here
from runcast_api.accounts.links import end_made_links, end_password_links
from runcast_api.accounts.password_rules import check_password
from runcast_api.accounts.passwords import hash_password
from runcast_api.accounts.sessions import CLOCKS_APART_MS, revocation_time, tell_gateways
from runcast_api.http.answer import Answer
from runcast_api.http.bodies import read
from runcast_api.http.reauthentication import authenticate_again
from runcast_api.models.members import NewUser, RoleChange
from runcast_core.model.accounts import Role, User
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import Conflict, NotFound
from runcast_core.model.identifiers import new_id
from runcast_core.model.wire.accounts import UserAnswer, Users
from runcast_core.store.store import Store


async def list_users(request: Request) -> Response:
    """Answer all users; who is no admin sees their names and roles only."""
    claims = await authenticate(request)
    check_accounts_here(request)
    store: Store = request.app.state.store
    users = await store.users(claims.organization_id)
    shown = UserAnswer.of if claims.role is Role.ADMIN else UserAnswer.for_members
    return Answer(Users(users=tuple(map(shown, users))))


async def create_user(request: Request) -> Response:
    claims = await authenticate_manager(request)
    check_accounts_here(request)
    body = await read(NewUser, request)
    store: Store = request.app.state.store
    organization = await store.organization(claims.organization_id)
    check_password(body.password, body.email, body.name, organization.name if organization else "")
    hashed = await hash_password(body.password)
    user = User(new_id(), claims.organization_id, body.email, body.name, body.role, hashed, now_ms())
    await authenticate_again(request)  # the password may have waited for others to be hashed
    await add_member(store, user)
    return Answer(UserAnswer.of(user), 201)


async def change_role(request: Request) -> Response:
    """Change a user's role. Tokens that say the old one are refused from now on; sessions of pages come by another."""
    claims = await authenticate_manager(request)
    check_accounts_here(request)
    body = await read(RoleChange, request)
    store: Store = request.app.state.store
    user_id: str = request.path_params["userId"]
    at = await revocation_time(store, claims.organization_id, (user_id,), CLOCKS_APART_MS)
    await tell_gateways(request, await store.set_role(claims.organization_id, user_id, body.role, at))
    if body.role is not Role.ADMIN:
        await end_made_links(store, claims.organization_id, user_id)
    changed = await store.user(claims.organization_id, user_id)
    if changed is None:  # removed by somebody else meanwhile
        raise NotFound("no such user")
    return Answer(UserAnswer.of(changed))


async def remove_user(request: Request) -> Response:
    claims = await authenticate_manager(request)
    check_accounts_here(request)
    user_id: str = request.path_params["userId"]
    if user_id == claims.user_id:
        raise own_account("nobody removes themselves; another admin can")
    store: Store = request.app.state.store
    await tell_gateways(request, await store.remove_user(claims.organization_id, user_id))
    await store.end_sessions(claims.organization_id, user_id)
    await end_made_links(store, claims.organization_id, user_id)
    await end_password_links(store, claims.organization_id, user_id)
    return Response(status_code=204)


async def add_member(store: Store, user: User) -> None:
    """Add a user. Raises `NotFound`, or `Conflict` (`TOO_MANY_USERS`; `ADDRESS_UNUSABLE` for an address that is taken,
    wherever that is)."""
    try:
        await store.create_user(user)
    except Conflict as error:
        raise (address_unusable() if error.code == "EMAIL_TAKEN" else error) from None


def own_account(message: str) -> Conflict:
    """Return what is raised where an admin would do to themselves what they may do to others."""
    return Conflict(message, code="OWN_ACCOUNT")


def address_unusable() -> Conflict:
    return Conflict(
        "no account can be made with this address here; use another one, or invite the person by a link, for which no "
        "address is needed",
        code="ADDRESS_UNUSABLE",
    )
