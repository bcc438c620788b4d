"""Changing one's own password: whoever has no more than a token cannot."""

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate_person, check_accounts_here
from runcast_api.accounts.entry import enter_again
from runcast_api.accounts.links import end_password_links
from runcast_api.accounts.password_rules import check_password
from runcast_api.accounts.passwords import hash_password, verify_password
from runcast_api.accounts.sessions import end_every_session
from runcast_api.http.bodies import read
from runcast_api.http.problems import Forbidden
from runcast_api.http.reauthentication import authenticate_again
from runcast_api.models.accounts import PasswordChange
from runcast_core.access.tokens import Claims
from runcast_core.model.errors import NotFound
from runcast_core.store.store import Store


async def change_password(request: Request) -> Response:
    """Set a new password, and end all that was opened with the old one but the session of this call, whose token is
    replaced by the one in the answer."""
    claims = await authenticate_person(request)
    check_accounts_here(request)
    body = await read(PasswordChange, request)
    await _check(request.app.state.store, claims, body)
    store: Store = request.app.state.store
    hashed = await hash_password(body.new_password)
    await authenticate_again(request)  # the passwords may have waited for others to be hashed
    await store.set_password(claims.organization_id, claims.user_id, hashed)
    await end_password_links(store, claims.organization_id, claims.user_id)
    await end_every_session(request, claims.organization_id, claims.user_id, but=claims.session_id)
    return await enter_again(request, claims)


async def _check(store: Store, claims: Claims, body: PasswordChange) -> None:
    """Raises `NotFound` of who has no account here, `Forbidden` (`WRONG_PASSWORD`), `InvalidInput`."""
    user = await store.user(claims.organization_id, claims.user_id)
    if user is None:
        raise NotFound("no such user")
    if not await verify_password(user.password_hash, body.old_password):
        raise Forbidden("the old password is wrong", code="WRONG_PASSWORD")
    organization = await store.organization(claims.organization_id)
    check_password(body.new_password, user.email, user.name, organization.name if organization else "")
