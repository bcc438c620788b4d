"""What answers look like, for the documentation; `runcast_core` makes them, and a test holds both together."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from runcast_core.accounts import Role
from runcast_core.executions import Source, Status


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Problem(_Answer):
    """Why a call was refused: a text for people and a constant for programs."""

    error: str
    code: str
    details: Any = None


class UserAnswer(_Answer):
    """A user. Of one that only an identity provider knows, there is no more than what the token says; addresses of
    others are for admins."""

    id: str
    organizationId: str  # noqa: N815 - the protocol's name
    role: Role
    email: str | None = None
    name: str | None = None
    createdAt: str | None = None  # noqa: N815


class OrganizationAnswer(_Answer):
    """An organization."""

    id: str
    name: str | None = None
    createdAt: str | None = None  # noqa: N815


class Who(_Answer):
    """A user and the user's organization."""

    user: UserAnswer
    organization: OrganizationAnswer


class Session(Who):
    """A token, for calls as `Authorization: Bearer` and for sockets as `auth.token`, and whose it is."""

    token: str


class Users(_Answer):
    """All users of the organization, oldest first."""

    users: list[UserAnswer]


class PresentUser(_Answer):
    """A user who is connected; without a name where only an identity provider knows it."""

    userId: str  # noqa: N815
    sockets: int
    name: str | None = None
    role: Role | None = None


class PresenceAnswer(_Answer):
    """The organization's sockets and users over all gateways, and how many gateways hold them."""

    sockets: int
    users: list[PresentUser]
    gateways: int


class ExecutionAnswer(_Answer):
    """An execution's state, as `execution-updated` carries it too. Fields without a value are left out."""

    taskId: str  # noqa: N815
    organizationId: str  # noqa: N815
    status: Status
    rev: int
    attempt: int
    source: Source
    createdAt: str  # noqa: N815
    updatedAt: str  # noqa: N815
    image: str | None = None
    startedAt: str | None = None  # noqa: N815
    endedAt: str | None = None  # noqa: N815
    exitCode: int | None = None  # noqa: N815
    error: str | None = None


class ExecutionDetail(ExecutionAnswer):
    """An execution and its request; values of `environment`, `envVars` and `secrets` read `***`."""

    request: dict[str, Any]


class CancelAnswer(ExecutionAnswer):
    """`CANCELLED` if it was still queued; else its runner ends it within moments."""

    cancelRequested: bool  # noqa: N815


class ExecutionPage(_Answer):
    """A page, newest first. `nextCursor` is null on the last one."""

    executions: list[ExecutionAnswer]
    nextCursor: str | None  # noqa: N815


class Chunk(_Answer):
    """One or more whole lines of output, joined by newlines."""

    taskId: str  # noqa: N815
    log: str
    seq: int
    attempt: int
    ts: int


class LogPage(_Answer):
    """A page of output. Send `after` again as the query's `after` for what comes next."""

    taskId: str  # noqa: N815
    attempt: int
    status: Status
    chunks: list[Chunk]
    after: int
    more: bool


class Broadcasted(_Answer):
    """The report was taken."""

    status: Literal["broadcasted"]


class Ok(_Answer):
    """The output was taken."""

    status: Literal["ok"]
