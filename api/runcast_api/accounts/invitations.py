"""Invitations: a link with which somebody joins an organization, so that no admin ever knows their password."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate_manager, check_accounts_here
from runcast_api.accounts.entry import enter, read_entry
from runcast_api.accounts.links import good_link, link_unusable, new_link
from runcast_api.accounts.password_rules import check_password
from runcast_api.accounts.passwords import hash_password
from runcast_api.accounts.users import add_member, address_unusable
from runcast_api.http.answer import Answer
from runcast_api.http.bodies import read
from runcast_api.models.members import Acceptance, NewInvitation
from runcast_core.model.accounts import Role, User
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import Credential, CredentialKind
from runcast_core.model.errors import Conflict, NotFound
from runcast_core.model.identifiers import new_id
from runcast_core.model.wire.members import InvitationAnswer, InvitationLink, Invitations
from runcast_core.store.store import Store

LIFETIME_MS = 7 * 86_400_000
_KIND = CredentialKind.INVITATION


async def invite(request: Request) -> Response:
    claims = await authenticate_manager(request)
    check_accounts_here(request)
    body = await read(NewInvitation, request)
    invitation, secret = new_link(
        _KIND, claims.organization_id, claims.user_id, LIFETIME_MS, name=body.name or "", role=body.role
    )
    store: Store = request.app.state.store
    await store.add_credential(invitation)
    return Answer(InvitationLink.of(invitation, secret), 201)


async def list_invitations(request: Request) -> Response:
    claims = await authenticate_manager(request)
    check_accounts_here(request)
    store: Store = request.app.state.store
    found = await store.credentials(claims.organization_id, (_KIND,))
    return Answer(Invitations(invitations=tuple(map(InvitationAnswer.of, found))))


async def revoke_invitation(request: Request) -> Response:
    claims = await authenticate_manager(request)
    check_accounts_here(request)
    store: Store = request.app.state.store
    await store.remove_credential(claims.organization_id, request.path_params["invitationId"], (_KIND,))
    return Response(status_code=204)


async def accept_invitation(request: Request) -> Response:
    """Make an account in the organization that invites. Whatever is refused leaves the invitation as good as it was."""
    check_accounts_here(request)
    body = await read_entry(Acceptance, request)
    store: Store = request.app.state.store
    invitation, organization = await good_link(store, body.token, _KIND)
    check_password(body.password, body.email, body.name, organization.name)
    hashed = await hash_password(body.password)
    role = invitation.role or Role.VIEWER
    user = User(new_id(), invitation.organization_id, body.email, body.name, role, hashed, now_ms())
    await _join(store, user, invitation)
    return await enter(request, user, 201, session=body.session)


async def _join(store: Store, user: User, invitation: Credential) -> None:
    """Use the invitation up and add the user. Of several at once one does; whoever is refused leaves it to others."""
    if await store.user_by_email(user.email) is not None:
        raise address_unusable()
    spent = await store.spend_credential(invitation.secret_hash, _KIND)
    if spent is None:
        raise link_unusable()
    try:
        await add_member(store, replace(user, role=spent.role or user.role))
    except Conflict:
        await store.add_credential(spent)
        raise
    except NotFound:
        raise link_unusable() from None
