"""Bodies about keys."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from runcast_api.models.base import Body, Name
from runcast_core.model.accounts import Role
from runcast_core.model.credentials import CredentialKind
from runcast_core.model.errors import InvalidInput
from runcast_core.model.identifiers import POOL_PATTERN
from runcast_core.model.scopes import IMAGE_PATTERN

_FEW = Field(max_length=50)
Pools = Annotated[tuple[Annotated[str, StringConstraints(pattern=POOL_PATTERN)], ...], _FEW]
Images = Annotated[tuple[Annotated[str, StringConstraints(pattern=IMAGE_PATTERN, max_length=512)], ...], _FEW]


class NewKey(Body):
    """A key for others than people. An API key has a role, and may be good for some pools and images only: an image is
    compared as it is requested, `*` at the end stands for any rest without `/`, behind a `/` also with. A worker key
    reports what any execution of the organization does, and has none of that."""

    name: Name
    kind: Literal[CredentialKind.API_KEY, CredentialKind.WORKER_KEY]
    role: Role | None = None
    pools: Pools = ()
    images: Images = ()
    expires_in_days: int | None = Field(None, strict=True, ge=1, le=3650)
    """Without it, it is good until it is revoked."""

    def check(self) -> None:
        """Raise `InvalidInput` for what a key of its kind must have, or cannot."""
        worker = self.kind is CredentialKind.WORKER_KEY
        if worker and (self.role or self.pools or self.images):
            raise InvalidInput("a worker key has neither role nor pools nor images", code="INVALID_REQUEST")
        if not worker and self.role is None:
            raise InvalidInput(f"role: an API key needs one of {', '.join(Role)}", code="INVALID_REQUEST")
