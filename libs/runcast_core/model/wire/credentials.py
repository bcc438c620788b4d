"""Keys, as answers show them: the secret once, its hash never."""

from typing import Any, Self

from runcast_core.model.accounts import Role
from runcast_core.model.clock import iso
from runcast_core.model.credentials import Credential, CredentialKind
from runcast_core.model.wire.shape import Shape


class KeyAnswer(Shape, frozen=True):
    """An API key or a worker key. Without pools, or images, it is good for all; without an end, until it is revoked."""

    id: str
    name: str
    kind: CredentialKind
    created_at: str
    created_by: str
    role: Role | None = None
    pools: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    expires_at: str | None = None
    last_used_at: str | None = None

    @classmethod
    def of(cls, credential: Credential, **more: Any) -> Self:
        return cls(
            id=credential.credential_id,
            name=credential.name,
            kind=credential.kind,
            created_at=iso(credential.created_at),
            created_by=credential.user_id,
            role=credential.role,
            pools=credential.pools,
            images=credential.images,
            expires_at=iso(credential.expires_at) if credential.expires_at is not None else None,
            last_used_at=iso(credential.last_used_at) if credential.last_used_at is not None else None,
            **more,
        )


class NewKeyAnswer(KeyAnswer, frozen=True, kw_only=True):
    """A key as it was made, and its secret, which is shown this once."""

    secret: str


class Keys(Shape, frozen=True):
    """All keys of the organization, oldest first."""

    keys: tuple[KeyAnswer, ...]
