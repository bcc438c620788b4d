"""Organizations and their users. `runcast_core.model.wire` has how they are shown."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict


class Role(StrEnum):
    """What a user may do: a viewer reads, a developer also requests and cancels, an admin also manages."""

    ADMIN = "admin"
    DEVELOPER = "developer"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Organization:
    """A tenant. `concurrency_limit` is how many executions it may run at once, `retention_days` how long it keeps one
    that ended, `timeout_limit_s` how long one attempt may take at most; None means the installation's."""

    organization_id: str
    name: str
    created_at: int
    concurrency_limit: int | None = None
    deleted: bool = False
    retention_days: int | None = None
    timeout_limit_s: int | None = None


class OrganizationChanges(TypedDict, total=False):
    """What may be changed of an organization. None sets a limit back to the installation's."""

    name: str
    concurrency_limit: int | None
    retention_days: int | None
    timeout_limit_s: int | None


@dataclass(frozen=True, slots=True)
class User:
    """A person of one organization. `email` is unique over the installation and kept in lower case."""

    user_id: str
    organization_id: str
    email: str
    name: str
    role: Role
    password_hash: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What can make a verified token worthless. `sessions_revoked_at` is in milliseconds since 1970, the latest
    revocation of any of its subjects."""

    organization_deleted: bool
    sessions_revoked_at: int | None
