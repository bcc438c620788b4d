"""Bodies about the members of an organization, and about how one becomes one."""

from typing import Annotated

from pydantic import StringConstraints

from runcast_api.emails import Email
from runcast_api.models.accounts import Entry, Password
from runcast_api.models.base import Body, Name
from runcast_core.model.accounts import Role
from runcast_core.model.credentials import MAX_SECRET_LENGTH

Secret = Annotated[str, StringConstraints(min_length=1, max_length=MAX_SECRET_LENGTH)]
"""What stands behind the `#` of a one-time link."""


class NewUser(Body):
    """A further user of the organization, and a first password for them."""

    email: Email
    password: Password
    name: Name
    role: Role


class RoleChange(Body):
    """A user's role from now on."""

    role: Role


class NewInvitation(Body):
    """Which role whoever accepts it gets; `name` says whom it is for, as a note to the admins."""

    role: Role
    name: Name | None = None


class Acceptance(Entry):
    """An invitation's secret, and the account to make."""

    token: Secret
    email: Email
    password: Password
    name: Name


class PasswordReset(Body):
    """A password reset's secret, and the new password."""

    token: Secret
    password: Password
