"""The account's half of the store's interface: organizations, users, and whose tokens are worth nothing.

See `store.py` for what holds of every verb.
"""

from typing import Protocol, Unpack

from runcast_core.bus.revocations import Revocation
from runcast_core.model.accounts import Organization, OrganizationChanges, Role, Standing, User
from runcast_core.model.errors import Conflict

MAX_USERS = 1000
"""Of one organization."""


def last_admin() -> Conflict:
    """Return what removing the only admin of an organization raises."""
    return Conflict("an organization keeps at least one admin", code="LAST_ADMIN")


def email_taken() -> Conflict:
    return Conflict("a user with this e-mail address exists", code="EMAIL_TAKEN")


def too_many_users() -> Conflict:
    return Conflict(f"an organization has at most {MAX_USERS} users", code="TOO_MANY_USERS")


class AccountStore(Protocol):
    """Organizations and who signed up."""

    async def create_account(self, organization: Organization, user: User) -> None:
        """Add both or neither. Raises `Conflict` (`EMAIL_TAKEN`) if a user has the e-mail address."""
        ...

    async def user_by_email(self, email: str) -> User | None:
        """Return the user who logs in so; the one verb that cannot know the organization yet."""
        ...

    async def user(self, organization_id: str, user_id: str) -> User | None: ...

    async def organization(self, organization_id: str) -> Organization | None:
        """Return it, also when deleted; None if the store never heard of it."""
        ...

    async def change_organization(self, organization_id: str, **changes: Unpack[OrganizationChanges]) -> Organization:
        """Change what is given, at least one, and nothing else; return the organization as it then is. One that the
        store never heard of, such as an identity provider's, gets a record without a name. Raises `NotFound` if it was
        deleted."""
        ...

    async def delete_organization(self, organization_id: str) -> None:
        """Mark it deleted, known or not, and revoke every token of it: `EVERYBODY`, with `REMOVED`, unannounced. One
        that an older version marked without that is revoked when the store is opened. Idempotent; to be repeated after
        an error: the tokens are revoked first."""
        ...


class UserStore(Protocol):
    """The users of an organization, beyond the one that signed up."""

    async def users(self, organization_id: str) -> list[User]:
        """Return all of them, oldest first; about `MAX_USERS` at most."""
        ...

    async def create_user(self, user: User) -> None:
        """Add a user to an organization. Raises `NotFound` if there is no such one, or `Conflict` (`EMAIL_TAKEN`;
        `TOO_MANY_USERS` beyond `MAX_USERS`)."""
        ...

    async def remove_user(self, organization_id: str, user_id: str) -> Revocation:
        """Remove a user, free the e-mail address, and revoke every token of theirs: with `REMOVED`, so that none which
        a log-in at this very moment issues is good either. Raises `NotFound`, or `Conflict` (`LAST_ADMIN`): of several
        at once that would leave an organization without an admin, not all succeed. To be repeated after any other
        error: the tokens are revoked before the record goes."""
        ...

    async def set_role(self, organization_id: str, user_id: str, role: Role, at: int) -> Revocation:
        """Change a user's role, then revoke the tokens from before `at` (UTC milliseconds), which say the old one; also
        where the role is the same. Raises `NotFound`, or `Conflict` (`LAST_ADMIN`), as `remove_user`. To be repeated
        after any other error."""
        ...

    async def set_password(self, organization_id: str, user_id: str, password_hash: str) -> None:
        """Raises `NotFound`."""
        ...


class RevocationStore(Protocol):
    """Revocations, kept apart from the users, as an identity provider's users have no record here. Each is of a
    subject: a user's id, a session (`session_subject`), or `EVERYBODY`."""

    async def standing(self, organization_id: str, subjects: tuple[str, ...]) -> Standing:
        """Return what every request asks, in one round: the latest revocation of any of these subjects."""
        ...

    async def revoke_sessions(self, organization_id: str, subject: str, at: int) -> Revocation:
        """Make every token of the subject that was issued before `at` (UTC milliseconds) worthless. A later revocation
        that is known stays; returned is the one that holds now. It is unannounced, and noted as of now."""
        ...

    async def unannounced_revocations(self, *, limit: int = 100) -> list[Revocation]:
        """Return revocations that the gateways may not know yet."""
        ...

    async def revocation_announced(self, revocation: Revocation) -> None:
        """Note that the gateways were told. A later revocation of the same subject stays unannounced."""
        ...

    async def recent_revocations(
        self, *, within_ms: int, after: Revocation | None = None, limit: int = 500
    ) -> list[Revocation]:
        """Return a page of what was noted in that time, in the order in which it was noted; the next one begins `after`
        its last. Who noted it, or asks, may be a host with another clock: leave room for that. One that is noted again
        meanwhile may come twice, none is left out. What a version noted that kept no such time counts as noted when a
        newer one first opened the store."""
        ...

    async def forget_sessions(self, *, older_than_ms: int, limit: int = 500) -> bool:
        """Remove up to `limit` revocations of sessions that were noted longer ago: no token of theirs lives any more.
        Return whether there may be more. Those of users and organizations stay."""
        ...
