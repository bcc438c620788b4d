"""The events that dashboards receive, each with its payload's shape, encoded once by whoever publishes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from runcast_core.model.accounts import Role
from runcast_core.model.executions import ExecutionSummary, LogChunk
from runcast_core.model.wire.executions import ExecutionState
from runcast_core.model.wire.output import Chunk
from runcast_core.model.wire.shape import Shape, encode

EXECUTION_UPDATED = "execution-updated"
EXECUTION_LOG = "execution-log"
RESYNC = "resync"
MARK = "mark"
TOKEN_EXPIRING = "token-expiring"  # noqa: S105 - an event's name
DRAIN = "drain"
AUTH_SUCCESS = "auth-success"
AUTH_ERROR = "auth-error"

RESERVED = frozenset(
    {AUTH_SUCCESS, AUTH_ERROR, "connect", "connect_error", "disconnect", MARK, TOKEN_EXPIRING, DRAIN, RESYNC}
)
"""Names that only a gateway itself may emit, so that nobody with a stock emitter can pose as it."""


class Resync(Shape, frozen=True):
    """What could not be delivered has to be read again over HTTP: everything, or one execution."""

    reason: str
    task_id: str | None = None


class TokenExpiring(Shape, frozen=True):
    """When the socket's token ends (ISO 8601)."""

    expires_at: str


class Drain(Shape, frozen=True):
    """Within how many milliseconds the gateway closes this connection."""

    within_ms: int


class AuthSuccess(Shape, frozen=True):
    """Who the socket is, and that it is in its organization's room."""

    message: str
    organization_id: str
    user_id: str
    role: Role


class AuthError(Shape, frozen=True):
    """Why the socket is sent away: `Authentication required`, `Invalid or expired token`."""

    error: str


@dataclass(frozen=True, slots=True)
class Event:
    """A name and its one argument, a JSON object as bytes. `task_id` lets a relay route without opening it."""

    name: str
    task_id: str | None
    payload: bytes


def execution_updated(execution: ExecutionSummary) -> Event:
    return Event(EXECUTION_UPDATED, execution.task_id, encode(ExecutionState.of(execution)))


def execution_log(chunk: LogChunk) -> Event:
    return Event(EXECUTION_LOG, chunk.task_id, encode(Chunk.of(chunk)))


def resync(reason: str, task_id: str | None = None) -> Event:
    """Return the event that tells dashboards to read again over HTTP: everything, or one execution."""
    return Event(RESYNC, task_id, encode(Resync(reason=reason, task_id=task_id)))


def token_expiring(expires_at: str) -> Event:
    """Return the warning that the socket's token ends soon; the time is ISO 8601."""
    return Event(TOKEN_EXPIRING, None, encode(TokenExpiring(expires_at=expires_at)))


def drain(within_ms: int) -> Event:
    """Return the news that the gateway leaves and closes this connection itself within so many milliseconds."""
    return Event(DRAIN, None, encode(Drain(within_ms=within_ms)))


def auth_success(organization_id: str, user_id: str, role: Role) -> Event:
    """Return the news that the token is good and its organization's room joined."""
    text = "Connected to organization channel"
    welcome = AuthSuccess(message=text, organization_id=organization_id, user_id=user_id, role=role)
    return Event(AUTH_SUCCESS, None, encode(welcome))


def auth_error(error: str) -> Event:
    return Event(AUTH_ERROR, None, encode(AuthError(error=error)))


def mark() -> Event:
    """Return the event that moves a quiet client's offset and says nothing."""
    return Event(MARK, None, b"{}")


def relayed(name: str, task_id: str | None, body: Mapping[str, Any]) -> Event:
    """Return an event whose payload is `body` as a worker sent it, unknown fields included."""
    return Event(name, task_id, orjson.dumps(dict(body)))
