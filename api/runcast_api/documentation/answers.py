"""What answers look like, for the documentation; `runcast_core` makes them, and a test holds both together."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, RootModel

from runcast_core.model.accounts import Role
from runcast_core.model.executions import Source, Status


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


class OrganizationSettings(_Answer):
    """What an organization is set to. Limits that are the installation's are left out; of one that only an identity
    provider knows, there is no more than its id."""

    organizationId: str  # noqa: N815
    name: str | None = None
    createdAt: str | None = None  # noqa: N815
    concurrencyLimit: int | None = None  # noqa: N815
    retentionDays: int | None = None  # noqa: N815
    timeoutLimitSeconds: int | None = None  # noqa: N815


class OrganizationSettingsAnswer(_Answer):
    """The caller's organization."""

    organization: OrganizationSettings


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


class OutputAnswer(_Answer):
    """Proves that an attempt's output is complete: its last chunk's `seq`, and the size in bytes and the SHA-256
    (hexadecimal) of all its lines, each followed by a newline, in UTF-8."""

    lastSeq: int  # noqa: N815
    bytes: int
    sha256: str


class AttemptAnswer(_Answer):
    """How an attempt ended. One that was handed back has none, nor has what a worker's report ended."""

    attempt: int
    status: Status
    endedAt: str  # noqa: N815
    startedAt: str | None = None  # noqa: N815
    error: str | None = None
    exitCode: int | None = None  # noqa: N815
    output: OutputAnswer | None = None


class ExecutionDetail(ExecutionAnswer):
    """An execution and its request; values of `environment`, `envVars` and `secrets` read `***`. `attempts` are those
    that ended, oldest first. While it waits, `queuePosition` counts from 1 within the organization and the pool."""

    priority: int
    pool: str
    attempts: list[AttemptAnswer]
    request: dict[str, Any]
    queuePosition: int | None = None  # noqa: N815


class CancelAnswer(ExecutionAnswer):
    """`CANCELLED` if it was still queued; else its runner ends it within moments."""

    cancelRequested: bool  # noqa: N815


class ExecutionPage(_Answer):
    """A page, newest first. `nextCursor` is null on the last one."""

    executions: list[ExecutionAnswer]
    nextCursor: str | None  # noqa: N815


class Chunk(_Answer):
    """One or more whole lines of output, joined by newlines. `stderr` are those from standard error: runs of first
    line, counted from 0, and number of lines."""

    taskId: str  # noqa: N815
    log: str
    seq: int
    attempt: int
    ts: int
    stderr: list[tuple[int, int]] = []


class LogPage(_Answer):
    """A page of output. Send `after` again as the query's `after` for what comes next."""

    taskId: str  # noqa: N815
    attempt: int
    status: Status
    chunks: list[Chunk]
    after: int
    more: bool


class LineFound(_Answer):
    """A line with the searched text: its chunk's `seq`, its number within the chunk, counted from 0, and its text."""

    seq: int
    line: int
    text: str


class LogMatches(_Answer):
    """What a search found in one step, in order, perhaps nothing. While there is `more`, send `after` again as the
    query's `after`."""

    taskId: str  # noqa: N815
    attempt: int
    status: Status
    matches: list[LineFound]
    after: int
    more: bool


class LogAnswer(RootModel[LogPage | LogMatches]):
    """A page of output; with `q`, one of lines found."""


class Broadcasted(_Answer):
    """The report was taken."""

    status: Literal["broadcasted"]


class Ok(_Answer):
    """The output was taken."""

    status: Literal["ok"]
