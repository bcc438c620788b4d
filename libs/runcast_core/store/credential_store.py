"""The part of the store's interface that keeps credentials: keys, one-time links and the sessions of pages.

See `store.py` for what holds of every verb. Secrets never come here, only their hashes.
"""

from collections.abc import Collection
from typing import Protocol

from runcast_core.model.credentials import Credential, CredentialKind, PageSession
from runcast_core.model.errors import Conflict

MAX_CREDENTIALS = 500
"""Of one organization and kind."""
MAX_SESSIONS = 100
"""Of one user; beyond it the one that was used longest ago ends."""


def too_many_credentials() -> Conflict:
    return Conflict(
        f"an organization has at most {MAX_CREDENTIALS} of these; revoke some first", code="TOO_MANY_CREDENTIALS"
    )


class CredentialStore(Protocol):
    """Keys and one-time links."""

    async def add_credential(self, credential: Credential) -> None:
        """Raises `Conflict` (`TOO_MANY_CREDENTIALS`) beyond `MAX_CREDENTIALS` that have not expired."""
        ...

    async def credential(self, secret_hash: str) -> Credential | None:
        """Return whose secret has this hash, unless it expired: the one verb here that cannot know the organization
        yet."""
        ...

    async def credentials(self, organization_id: str, kinds: Collection[CredentialKind]) -> list[Credential]:
        """Return those of these kinds that have not expired, oldest first."""
        ...

    async def credentials_after(self, kind: CredentialKind, after: str, *, limit: int = 500) -> list[Credential]:
        """Return up to `limit` of every organization that have not expired, in the order of their ids, from the one
        after `after`."""
        ...

    async def remove_credential(
        self, organization_id: str, credential_id: str, kinds: Collection[CredentialKind]
    ) -> Credential:
        """Remove one of these kinds, and return what it was. Raises `NotFound`."""
        ...

    async def spend_credential(self, secret_hash: str, kind: CredentialKind) -> Credential | None:
        """Remove what is good for one use and return it; None if it is of another kind, expired or was used: of several
        at once one succeeds."""
        ...

    async def note_credential_used(self, secret_hash: str, at: int) -> None:
        """Note the time (UTC milliseconds) of its last use, if it is there."""
        ...

    async def remove_expired(self, before: int, *, limit: int = 500) -> int:
        """Remove up to `limit` credentials, and as many sessions, that expired before that time (UTC milliseconds);
        return how many there were."""
        ...


class SessionStore(Protocol):
    """Sessions of pages."""

    async def add_session(self, session: PageSession) -> None:
        """Add one; beyond `MAX_SESSIONS` of the user the one that was used longest ago goes."""
        ...

    async def session(self, session_id: str) -> PageSession | None:
        """Return it, unless it expired."""
        ...

    async def sessions(self, organization_id: str, user_id: str) -> list[PageSession]:
        """Return those of a user that have not expired, the one that was used last first."""
        ...

    async def rotate_session(self, session_id: str, old_hash: str, new_hash: str, *, at: int, expires_at: int) -> bool:
        """Make `new_hash` the session's as of `at`; False if `old_hash` is not its newest any more: of several at once
        one succeeds."""
        ...

    async def end_session(self, organization_id: str, user_id: str, session_id: str) -> None:
        """Raises `NotFound` if the user has none of that id."""
        ...

    async def end_sessions(self, organization_id: str, user_id: str, *, but: str | None = None) -> None:
        """End all sessions of a user, but that one."""
        ...
