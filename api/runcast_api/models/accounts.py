"""Bodies about organizations and their users."""

from typing import Annotated, Any, cast

from pydantic import Field, StringConstraints

from runcast_api.emails import Email
from runcast_api.models.base import Body, Name
from runcast_core.model.accounts import OrganizationChanges
from runcast_core.model.errors import InvalidInput

MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 1024
"""In code points (NIST SP 800-63B)."""

Password = Annotated[str, StringConstraints(min_length=MIN_PASSWORD_LENGTH, max_length=MAX_PASSWORD_LENGTH)]
"""A new one; `accounts/password_rules.py` says which of them are too weak."""


AnyPassword = Annotated[str, StringConstraints(max_length=MAX_PASSWORD_LENGTH)]
"""One to compare with: it may be older than the rules."""


class Entry(Body):
    """What every way in has in common: whether it is a page's, whose session lasts by a cookie."""

    session: bool = Field(False, strict=True)


class Signup(Entry):
    """A new organization and its first user, who becomes its admin."""

    email: Email
    password: Password
    name: Name
    organization_name: Name


class Login(Entry):
    """An e-mail address and a password."""

    email: Email
    password: AnyPassword


class PasswordChange(Body):
    """One's own password, and the one that takes its place."""

    old_password: AnyPassword
    new_password: Password


def _not_sent() -> Any:
    """Stand for a field that is left as it is. As no default, so that the documentation does not say it was null."""


class OrganizationPatch(Body):
    """What to change of the organization, at least one of these; null sets a limit back to the installation's."""

    name: Name = Field(default_factory=_not_sent)
    concurrency_limit: int | None = Field(default_factory=_not_sent, strict=True, ge=1, le=10_000)
    """How many executions may run at once."""
    retention_days: int | None = Field(default_factory=_not_sent, strict=True, ge=0, le=36_500)
    """How long an execution that ended is kept; 0: for ever."""
    timeout_limit_s: int | None = Field(
        default_factory=_not_sent, alias="timeoutLimitSeconds", strict=True, ge=1, le=604_800
    )
    """How long an attempt may take."""

    def changes(self) -> OrganizationChanges:
        """Return what was sent. Raises `InvalidInput` if that is nothing."""
        given = self.model_dump(exclude_unset=True)
        if not given:
            names = ", ".join(field.alias or name for name, field in type(self).model_fields.items())
            raise InvalidInput(f"nothing to change: send one of {names} or more", code="INVALID_REQUEST")
        return cast(OrganizationChanges, given)
