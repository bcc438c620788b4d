"""Invitations and password resets, as answers show them: the secret once, where it is made, and never its hash."""

from typing import Self

from runcast_core.model.accounts import Role
from runcast_core.model.clock import iso
from runcast_core.model.credentials import Credential
from runcast_core.model.wire.shape import Shape


class InvitationAnswer(Shape, frozen=True):
    """An invitation that is still good; `name` is the admins' note."""

    id: str
    role: Role
    created_by: str
    created_at: str
    expires_at: str
    name: str | None = None

    @classmethod
    def of(cls, invitation: Credential) -> Self:
        return cls(
            id=invitation.credential_id,
            role=invitation.role or Role.VIEWER,
            created_by=invitation.user_id,
            created_at=iso(invitation.created_at),
            expires_at=iso(invitation.expires_at or 0),
            name=invitation.name or None,
        )


class Invitations(Shape, frozen=True):
    """All invitations of the organization that are still good, oldest first."""

    invitations: tuple[InvitationAnswer, ...]


class InvitationLink(Shape, frozen=True):
    """A new invitation. `path` is the link, below the address of the page; `token` is what stands behind its `#`."""

    id: str
    token: str
    path: str
    role: Role
    expires_at: str
    name: str | None = None

    @classmethod
    def of(cls, invitation: Credential, secret: str) -> Self:
        return cls(
            id=invitation.credential_id,
            token=secret,
            path=f"/invitation#{secret}",
            role=invitation.role or Role.VIEWER,
            expires_at=iso(invitation.expires_at or 0),
            name=invitation.name or None,
        )


class ResetLink(Shape, frozen=True):
    """A link with which a user sets a new password, once; see `InvitationLink`."""

    token: str
    path: str
    expires_at: str

    @classmethod
    def of(cls, link: Credential, secret: str) -> Self:
        return cls(token=secret, path=f"/password-reset#{secret}", expires_at=iso(link.expires_at or 0))
