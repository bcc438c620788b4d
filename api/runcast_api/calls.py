"""The table of calls: path, method, what handles it and what the documentation says of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from runcast_api import accounts, callbacks, executions, logs
from runcast_api.models import CallbackLog, CallbackUpdate, ExecutionRequest, Login, Signup

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class Call:
    """One call of the HTTP interface."""

    method: str
    path: str
    handler: Handler
    summary: str
    status: int = 200
    body: type[BaseModel] | None = None
    query: tuple[str, ...] = ()
    public: bool = False


_ONE = "/api/executions/{task_id}"

CALLS = (
    Call("POST", "/api/auth/signup", accounts.signup, "Create an organization and its admin", 201, Signup, public=True),
    Call("POST", "/api/auth/login", accounts.login, "Log in", body=Login, public=True),
    Call("GET", "/api/auth/me", accounts.me, "Who the token stands for"),
    Call("POST", "/api/execution-request", executions.request_execution, "Run a container", 202, ExecutionRequest),
    Call(
        "GET",
        "/api/executions",
        executions.list_executions,
        "List executions, newest first",
        query=("status", "image", "limit", "cursor"),
    ),
    Call("GET", _ONE, executions.show, "Look at an execution; never environment values"),
    Call(
        "GET",
        f"{_ONE}/logs",
        logs.logs,
        "Read output: numbered chunks, or format=text",
        query=("after", "attempt", "limit", "format"),
    ),
    Call("POST", f"{_ONE}/cancel", executions.cancel, "Cancel", 202),
    Call("POST", f"{_ONE}/rerun", executions.rerun, "Run the same request again", 202),
    Call("DELETE", _ONE, executions.delete, "Delete an ended execution and its output", 204),
    Call("POST", "/executions/update", callbacks.update, "A worker's status", body=CallbackUpdate, public=True),
    Call("POST", "/executions/log", callbacks.append_log, "A worker's output", body=CallbackLog, public=True),
)
