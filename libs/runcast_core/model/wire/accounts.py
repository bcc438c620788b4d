"""Users, organizations and who is connected, as answers show them: never a password's hash."""

from typing import Self

from runcast_core.model.accounts import Organization, Role, User
from runcast_core.model.clock import iso
from runcast_core.model.wire.shape import Shape


class UserAnswer(Shape, frozen=True):
    """A user. Of one that only an identity provider knows, there is no more than what the token says; addresses of
    others are for admins. An API key has the id `key:<id>` and its name."""

    id: str
    organization_id: str
    role: Role
    email: str | None = None
    name: str | None = None
    created_at: str | None = None

    @classmethod
    def of(cls, user: User) -> Self:
        return cls(
            id=user.user_id,
            organization_id=user.organization_id,
            role=user.role,
            email=user.email,
            name=user.name,
            created_at=iso(user.created_at),
        )

    @classmethod
    def for_members(cls, user: User) -> Self:
        return cls(id=user.user_id, organization_id=user.organization_id, role=user.role, name=user.name)


class OrganizationAnswer(Shape, frozen=True):
    """An organization; one that only an identity provider named has no name."""

    id: str
    name: str | None = None
    created_at: str | None = None

    @classmethod
    def of(cls, organization: Organization) -> Self:
        return cls(
            id=organization.organization_id, name=organization.name or None, created_at=iso(organization.created_at)
        )


class Who(Shape, frozen=True):
    """A user and the user's organization."""

    user: UserAnswer
    organization: OrganizationAnswer


class Session(Who, frozen=True):
    """A token, for calls as `Authorization: Bearer` and for sockets as `auth.token`, until when, and whose it is."""

    token: str
    expires_at: str


class Users(Shape, frozen=True):
    """All users of the organization, oldest first."""

    users: tuple[UserAnswer, ...]


class OrganizationSettings(Shape, frozen=True):
    """What an organization is set to. Limits that are the installation's are left out; of one that only an identity
    provider knows, there is no more than its id."""

    organization_id: str
    name: str | None = None
    created_at: str | None = None
    concurrency_limit: int | None = None
    retention_days: int | None = None
    timeout_limit_seconds: int | None = None

    @classmethod
    def of(cls, organization: Organization) -> Self:
        return cls(
            organization_id=organization.organization_id,
            name=organization.name or None,
            created_at=iso(organization.created_at),
            concurrency_limit=organization.concurrency_limit,
            retention_days=organization.retention_days,
            timeout_limit_seconds=organization.timeout_limit_s,
        )


class OrganizationSettingsAnswer(Shape, frozen=True):
    """The caller's organization."""

    organization: OrganizationSettings


class PresentUser(Shape, frozen=True):
    """A user, or an API key, that is connected; without a name where only an identity provider knows it."""

    user_id: str
    sockets: int
    name: str | None = None
    role: Role | None = None


class PresenceAnswer(Shape, frozen=True):
    """The organization's sockets and users over all gateways, and how many gateways hold them."""

    sockets: int
    users: tuple[PresentUser, ...]
    gateways: int
