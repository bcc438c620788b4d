"""One-time links: whether one is still good, and the end of those that somebody made.

A link's secret stands behind its `#`, which no browser sends: no server and no proxy ever logs it.
"""

from runcast_core.bus.revocations import REMOVED
from runcast_core.model.accounts import Organization, Role
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import Credential, CredentialKind, new_secret, secret_hash
from runcast_core.model.errors import NotFound
from runcast_core.model.identifiers import new_id
from runcast_core.store.store import Store

LINKS = (CredentialKind.INVITATION, CredentialKind.PASSWORD_RESET)


def new_link(
    kind: CredentialKind, organization_id: str, user_id: str, lifetime_ms: int, *, name: str, role: Role | None = None
) -> tuple[Credential, str]:
    """Return a link that is still to be stored, and its secret, which is not."""
    secret, now = new_secret(kind), now_ms()
    link = Credential(
        credential_id=new_id(),
        organization_id=organization_id,
        kind=kind,
        secret_hash=secret_hash(secret),
        user_id=user_id,
        created_at=now,
        name=name,
        role=role,
        expires_at=now + lifetime_ms,
    )
    return link, secret


async def good_link(store: Store, secret: str, kind: CredentialKind) -> tuple[Credential, Organization]:
    """Return the link and its organization, without using it up. Raises `NotFound` (`LINK_UNUSABLE`)."""
    link = await store.credential(secret_hash(secret))
    if link is None or link.kind is not kind:
        raise link_unusable()
    organization = await store.organization(link.organization_id)
    if organization is None or organization.deleted or not await _made_by_an_admin(store, link):
        raise link_unusable()
    return link, organization


async def end_made_links(store: Store, organization_id: str, user_id: str) -> None:
    """End the links that a user made who is no admin any more."""
    for link in await store.credentials(organization_id, LINKS):
        if maker(link) == user_id:
            await end_link(store, link)


async def end_password_links(store: Store, organization_id: str, user_id: str) -> None:
    """End the links that set the user's password."""
    for link in await store.credentials(organization_id, (CredentialKind.PASSWORD_RESET,)):
        if link.user_id == user_id:
            await end_link(store, link)


async def end_link(store: Store, link: Credential) -> None:
    """End a link, if nobody else just did."""
    try:
        await store.remove_credential(link.organization_id, link.credential_id, (link.kind,))
    except NotFound:
        return


def maker(link: Credential) -> str:
    """Return the id of the admin who made the link."""
    return link.name if link.kind is CredentialKind.PASSWORD_RESET else link.user_id


def link_unusable() -> NotFound:
    """Return what is raised for every link that is no good, whyever."""
    return NotFound(
        "this link was used or revoked, or is too old; ask an admin of the organization for a new one",
        code="LINK_UNUSABLE",
    )


async def _made_by_an_admin(store: Store, link: Credential) -> bool:
    """Tell whether who made it still may; who has no account here, but a token of an admin, is not told from one."""
    user = await store.user(link.organization_id, maker(link))
    if user is not None:
        return user.role is Role.ADMIN
    return (await store.standing(link.organization_id, (maker(link),))).sessions_revoked_at != REMOVED
