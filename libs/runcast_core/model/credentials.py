"""Credentials that Runcast gives out besides tokens, of each of which it keeps the hash only: API keys and worker keys,
one-time links, and the sessions of pages.

A secret has 256 random bits, so that one round of SHA-256 is enough: nobody finds it by trying (as for passwords).
"""

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeGuard

from runcast_core.model.accounts import Role
from runcast_core.model.scopes import EVERYTHING, Scope


class CredentialKind(StrEnum):
    """What a credential is good for: calls and sockets, reports of workers, joining an organization once, setting a
    user's password once."""

    API_KEY = "api-key"
    WORKER_KEY = "worker-key"
    INVITATION = "invitation"
    PASSWORD_RESET = "password-reset"  # noqa: S105 - a kind's name


PREFIXES = {
    CredentialKind.API_KEY: "rck_",
    CredentialKind.WORKER_KEY: "rcw_",
    CredentialKind.INVITATION: "rci_",
    CredentialKind.PASSWORD_RESET: "rcp_",
}
"""How each begins, so that people and scanners of repositories know it by sight."""
MAX_SECRET_LENGTH = 128
_API_KEY = PREFIXES[CredentialKind.API_KEY]


@dataclass(frozen=True, slots=True)
class Credential:
    """One of an organization. `user_id` is who made it; of a password reset, whose password it sets, and `name` is who
    made it. An API key has a role, and may be good for some pools and images only; an invitation has the role of
    whoever comes by it. Times are milliseconds since 1970; without `expires_at` it is good until it is revoked."""

    credential_id: str
    organization_id: str
    kind: CredentialKind
    secret_hash: str
    user_id: str
    created_at: int
    name: str = ""
    role: Role | None = None
    pools: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    expires_at: int | None = None
    last_used_at: int | None = None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What calls and sockets are decided by that show an API key. `expires_at` is as in `Credential`."""

    credential_id: str
    organization_id: str
    role: Role
    created_at: int
    expires_at: int | None = None
    scope: Scope = EVERYTHING

    def expired(self, now_ms: int) -> bool:
        return self.expires_at is not None and self.expires_at <= now_ms

    @classmethod
    def of(cls, credential: Credential) -> "ApiKey":
        assert credential.role is not None  # noqa: S101 - each API key has one
        return cls(
            credential.credential_id,
            credential.organization_id,
            credential.role,
            credential.created_at,
            credential.expires_at,
            Scope(credential.pools, credential.images),
        )


@dataclass(frozen=True, slots=True)
class PageSession:
    """A page's log-in that lasts: refreshed by a cookie that is another one each time, of which the newest is known by
    the hash of its secret. `agent` is what the browser calls itself."""

    session_id: str
    organization_id: str
    user_id: str
    secret_hash: str
    created_at: int
    last_used_at: int
    expires_at: int
    agent: str = ""
    rotated_at: int = 0


def new_secret(kind: CredentialKind) -> str:
    """Return a secret of 256 random bits, in the form in which it is shown once."""
    return PREFIXES[kind] + secrets.token_urlsafe(32)


def is_api_key(token: object) -> TypeGuard[str]:
    """Tell whether this is the secret of an API key, by its look."""
    return isinstance(token, str) and len(token) <= MAX_SECRET_LENGTH and token.startswith(_API_KEY)


def id_of(secret_hash: str) -> str:
    """Return the id of the key that has this hash: its beginning, so that whoever knows either finds the same."""
    return secret_hash[:24]


def secret_hash(secret: str) -> str:
    """Return what is stored of a secret: its SHA-256 in hex. Any text has one, also what no encoding can hold."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
