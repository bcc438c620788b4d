"""The events that dashboards receive, encoded once by whoever publishes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from runcast_core.model.executions import Execution, LogChunk, chunk_json, summary

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


@dataclass(frozen=True, slots=True)
class Event:
    """A name and its one argument, a JSON object as bytes. `task_id` lets a relay route without opening it."""

    name: str
    task_id: str | None
    payload: bytes


def execution_updated(execution: Execution) -> Event:
    return Event(EXECUTION_UPDATED, execution.task_id, orjson.dumps(summary(execution)))


def execution_log(chunk: LogChunk) -> Event:
    return Event(EXECUTION_LOG, chunk.task_id, orjson.dumps(chunk_json(chunk)))


def resync(reason: str, task_id: str | None = None) -> Event:
    """Return the event that tells dashboards to read again over HTTP: everything, or one execution."""
    body = {"reason": reason} | ({"taskId": task_id} if task_id else {})
    return Event(RESYNC, task_id, orjson.dumps(body))


def mark() -> Event:
    """Return the event that moves a quiet client's offset and says nothing."""
    return Event(MARK, None, b"{}")


def relayed(name: str, task_id: str | None, body: Mapping[str, Any]) -> Event:
    """Return an event whose payload is `body` as a worker sent it, unknown fields included."""
    return Event(name, task_id, orjson.dumps(dict(body)))
