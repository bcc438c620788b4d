"""The users of an organization: seen by its members, managed by its admins."""

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate, authenticate_manager, check_accounts_here
from runcast_api.accounts.passwords import hash_password
from runcast_api.accounts.sessions import tell_gateways
from runcast_api.http.answer import Answer
from runcast_api.http.bodies import read
from runcast_api.models.accounts import NewUser
from runcast_core.model.accounts import Role, User
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import Conflict
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
    hashed = await hash_password(body.password)
    user = User(new_id(), claims.organization_id, body.email, body.name, body.role, hashed, now_ms())
    store: Store = request.app.state.store
    await store.create_user(user)
    return Answer(UserAnswer.of(user), 201)


async def remove_user(request: Request) -> Response:
    claims = await authenticate_manager(request)
    check_accounts_here(request)
    user_id: str = request.path_params["userId"]
    if user_id == claims.user_id:
        raise Conflict("nobody removes themselves; another admin can", code="OWN_ACCOUNT")
    store: Store = request.app.state.store
    await tell_gateways(request, await store.remove_user(claims.organization_id, user_id))
    return Response(status_code=204)
