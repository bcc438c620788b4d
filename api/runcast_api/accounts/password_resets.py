"""Password resets: an admin makes a link with which a user sets a new password, which the admin never knows."""

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate_manager, check_accounts_here
from runcast_api.accounts.links import end_link, good_link, link_unusable, new_link
from runcast_api.accounts.password_rules import check_password
from runcast_api.accounts.passwords import hash_password
from runcast_api.accounts.sessions import end_every_session
from runcast_api.accounts.users import own_account
from runcast_api.http.answer import Answer
from runcast_api.http.bodies import read
from runcast_api.models.members import PasswordReset
from runcast_core.model.credentials import Credential, CredentialKind
from runcast_core.model.errors import NotFound
from runcast_core.model.wire.members import ResetLink
from runcast_core.store.store import Store

LIFETIME_MS = 86_400_000
_KIND = CredentialKind.PASSWORD_RESET


async def offer_password_reset(request: Request) -> Response:
    """Make a link for another user; one that was made before is worth nothing any more. Nobody makes their own: that
    would be a change of one's password without the old one."""
    claims = await authenticate_manager(request)
    check_accounts_here(request)
    user_id: str = request.path_params["userId"]
    if user_id == claims.user_id:
        raise own_account("change your password with the old one, or ask another admin for a link")
    store: Store = request.app.state.store
    user = await store.user(claims.organization_id, user_id)
    if user is None:
        raise NotFound("no such user")
    link, secret = new_link(_KIND, claims.organization_id, user.user_id, LIFETIME_MS, name=claims.user_id)
    await store.add_credential(link)
    await _end_older(store, link)
    return Answer(ResetLink.of(link, secret), 201)


async def reset_password(request: Request) -> Response:
    """Set the password by such a link, and end whatever was opened with the old one. A password that is refused leaves
    the link as good as it was."""
    check_accounts_here(request)
    body = await read(PasswordReset, request)
    store: Store = request.app.state.store
    link, organization = await good_link(store, body.token, _KIND)
    user = await store.user(link.organization_id, link.user_id)
    if user is None:
        raise link_unusable()
    check_password(body.password, user.email, user.name, organization.name)
    hashed = await hash_password(body.password)
    if await store.spend_credential(link.secret_hash, _KIND) is None:
        raise link_unusable()
    try:
        await store.set_password(link.organization_id, link.user_id, hashed)
    except NotFound:
        raise link_unusable() from None
    await end_every_session(request, link.organization_id, link.user_id)
    return Response(status_code=204)


async def _end_older(store: Store, link: Credential) -> None:
    """End the user's other links. Of several that were made at once, the last stays."""
    for other in await store.credentials(link.organization_id, (_KIND,)):
        older = (other.created_at, other.credential_id) < (link.created_at, link.credential_id)
        if other.user_id == link.user_id and older:
            await end_link(store, other)
