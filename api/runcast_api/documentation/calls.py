"""The table of calls: path, method, what handles it and what the documentation says of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import UnionType
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts import accounts, organization, presence, sessions, users
from runcast_api.executions import callbacks, executions, log_search, logs
from runcast_api.models import (
    CallbackLog,
    CallbackUpdate,
    ExecutionRequest,
    Login,
    NewUser,
    OrganizationPatch,
    Signup,
)
from runcast_core.model.executions import Status
from runcast_core.model.wire.accounts import OrganizationSettingsAnswer, PresenceAnswer, Session, UserAnswer, Users, Who
from runcast_core.model.wire.callbacks import Broadcasted, Ok
from runcast_core.model.wire.executions import CancelState, ExecutionDetail, ExecutionPage, ExecutionState
from runcast_core.model.wire.output import LogMatches, LogPage
from runcast_core.model.wire.shape import Shape
from runcast_core.store.store import PAGE_BYTES

Handler = Callable[[Request], Awaitable[Response]]


class Access(Enum):
    """Who may call."""

    PUBLIC = "anybody"
    READER = "any role"
    OWNER = "any role, for oneself"
    WRITER = "admin or developer"
    ADMIN = "admin"
    WORKER = "a worker: RUNCAST_CALLBACK_TOKEN, or a peer in RUNCAST_CALLBACK_NETWORKS"


@dataclass(frozen=True)
class Call:
    """One call of the HTTP interface."""

    method: str
    path: str
    handler: Handler
    summary: str
    access: Access
    answer: type[Shape] | UnionType | None = None
    """What a success is answered with: a shape, or one of several."""
    text: bool = False
    """Whether it may also be plain text."""
    status: int = 200
    body: type[BaseModel] | None = None
    query: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """The query's parameters, each with its JSON schema."""


_ONE = "/api/executions/{taskId}"
_USER = "/api/users/{userId}"
_PAGE: dict[str, dict[str, Any]] = {
    "status": {"enum": [status.value for status in Status]},
    "image": {"type": "string"},
    "limit": {"type": "integer", "minimum": 1, "maximum": executions.MAX_PAGE, "default": executions.PAGE},
    "cursor": {"type": "string", "description": "nextCursor of the page before"},
}
_LIMIT = f"a page also ends with the chunk that brings it to {PAGE_BYTES} bytes; `more` tells"
_SEARCH = (
    f"only lines that contain this, whatever the case; one call searches {log_search.STEPS} times up to "
    f"{log_search.CHUNKS} chunks or {PAGE_BYTES} bytes, and ends with the chunk that brings it to `limit` lines or "
    f"{PAGE_BYTES} bytes of them"
)
_OUTPUT: dict[str, dict[str, Any]] = {
    "after": {"type": "integer", "minimum": 0, "default": 0, "description": "the last seq that is known already"},
    "attempt": {"type": "integer", "minimum": 0, "description": "the newest without it; 0 came through the callbacks"},
    "limit": {"type": "integer", "minimum": 1, "maximum": logs.MAX_PAGE, "default": logs.PAGE, "description": _LIMIT},
    "q": {"type": "string", "minLength": 1, "maxLength": log_search.MAX_WANTED, "description": _SEARCH},
    "format": {"enum": ["json", "text"], "default": "json", "description": "text: all of it, streamed as a download"},
}

CALLS = (
    Call(
        "POST",
        "/api/auth/signup",
        accounts.signup,
        "Create an organization and its admin",
        Access.PUBLIC,
        Session,
        status=201,
        body=Signup,
    ),
    Call("POST", "/api/auth/login", accounts.login, "Log in", Access.PUBLIC, Session, body=Login),
    Call("GET", "/api/auth/me", accounts.me, "Who the token stands for", Access.READER, Who),
    Call(
        "DELETE",
        "/api/auth/sessions",
        sessions.revoke_own_sessions,
        "Log out everywhere: every token until now is refused, and its sockets are closed",
        Access.OWNER,
        status=204,
    ),
    Call("GET", "/api/users", users.list_users, "List the organization's users", Access.READER, Users),
    Call(
        "POST",
        "/api/users",
        users.create_user,
        "Add a user to the organization",
        Access.ADMIN,
        UserAnswer,
        status=201,
        body=NewUser,
    ),
    Call(
        "DELETE",
        f"{_USER}/sessions",
        sessions.revoke_user_sessions,
        "Log a user out everywhere",
        Access.ADMIN,
        status=204,
    ),
    Call("DELETE", _USER, users.remove_user, "Remove a user, and log them out everywhere", Access.ADMIN, status=204),
    Call(
        "GET",
        "/api/organization",
        organization.show_organization,
        "What the organization is set to",
        Access.READER,
        OrganizationSettingsAnswer,
    ),
    Call(
        "PATCH",
        "/api/organization",
        organization.change_organization,
        "Change the organization's name or limits",
        Access.ADMIN,
        OrganizationSettingsAnswer,
        body=OrganizationPatch,
    ),
    Call("GET", "/api/presence", presence.show_presence, "Who is connected now", Access.READER, PresenceAnswer),
    Call(
        "POST",
        "/api/execution-request",
        executions.request_execution,
        "Run a container; the same taskId with the same request answers with the same execution",
        Access.WRITER,
        ExecutionState,
        status=202,
        body=ExecutionRequest,
    ),
    Call(
        "GET",
        "/api/executions",
        executions.list_executions,
        "List executions, newest first",
        Access.READER,
        ExecutionPage,
        query=_PAGE,
    ),
    Call("GET", _ONE, executions.show, "Look at an execution", Access.READER, ExecutionDetail),
    Call(
        "GET",
        f"{_ONE}/logs",
        logs.logs,
        "Read or search output",
        Access.READER,
        LogPage | LogMatches,
        text=True,
        query=_OUTPUT,
    ),
    Call("POST", f"{_ONE}/cancel", executions.cancel, "Cancel", Access.WRITER, CancelState, status=202),
    Call(
        "POST",
        f"{_ONE}/rerun",
        executions.rerun,
        "Run the same request under a new task id",
        Access.WRITER,
        ExecutionState,
        status=202,
    ),
    Call("DELETE", _ONE, executions.delete, "Delete an ended execution and its output", Access.WRITER, status=204),
    Call(
        "POST",
        "/executions/update",
        callbacks.update,
        "Report a status; the organization's room gets the body as it is",
        Access.WORKER,
        Broadcasted,
        body=CallbackUpdate,
    ),
    Call(
        "POST",
        "/executions/log",
        callbacks.append_log,
        "Report output; it is numbered and stored",
        Access.WORKER,
        Ok,
        body=CallbackLog,
    ),
)
