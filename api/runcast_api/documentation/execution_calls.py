"""The calls about executions, their output, and the callbacks of workers."""

from typing import Any

from runcast_api.documentation.call import Access, Call
from runcast_api.executions import callbacks, executions, log_index, log_search, logs
from runcast_api.models.callbacks import CallbackLog, CallbackUpdate
from runcast_api.models.executions import ExecutionRequest
from runcast_core.model.executions import Status
from runcast_core.model.wire.callbacks import Broadcasted, Ok
from runcast_core.model.wire.executions import CancelState, ExecutionDetail, ExecutionPage, ExecutionState
from runcast_core.model.wire.output import LogIndex, LogMatches, LogPage
from runcast_core.store.log_store import PAGE_BYTES

_ONE = "/api/executions/{taskId}"
_PAGE: dict[str, dict[str, Any]] = {
    "status": {"enum": [status.value for status in Status]},
    "image": {"type": "string"},
    "limit": {"type": "integer", "minimum": 1, "maximum": executions.MAX_PAGE, "default": executions.PAGE},
    "cursor": {"type": "string", "description": "nextCursor of the page before"},
}
_LIMIT = f"a page also ends with the chunk that brings it to {PAGE_BYTES} bytes; `more` tells"
_SEARCH = (
    "only lines that contain this, whatever the case, and whatever control sequences are in between; one call searches "
    f"{log_search.STEPS} times up to {log_search.CHUNKS} chunks or {PAGE_BYTES} bytes, and ends with the chunk that "
    f"brings it to `limit` lines or {PAGE_BYTES} bytes of them"
)
_BEFORE = "instead of `after`: the page that ends just before this seq; without a value the last page"
_LINE = (
    "instead of `after`: the page that begins with the chunk of this line, the last one beyond the end; "
    "`409 LINES_UNKNOWN` where an earlier version stored the output, and did not count"
)
_PLACE: dict[str, dict[str, Any]] = {
    "after": {"type": "integer", "minimum": 0, "default": 0, "description": "the last seq that is known already"},
    "attempt": {"type": "integer", "minimum": 0, "description": "the newest without it; 0 came through the callbacks"},
}
_OUTPUT: dict[str, dict[str, Any]] = {
    **_PLACE,
    "before": {"anyOf": [{"type": "integer", "minimum": 1}, {"const": ""}], "description": _BEFORE},
    "line": {"type": "integer", "minimum": 1, "description": _LINE},
    "limit": {"type": "integer", "minimum": 1, "maximum": logs.MAX_PAGE, "default": logs.PAGE, "description": _LIMIT},
    "q": {"type": "string", "minLength": 1, "maxLength": log_search.MAX_WANTED, "description": _SEARCH},
    "format": {"enum": ["json", "text"], "default": "json", "description": "text: all of it, streamed as a download"},
}

EXECUTION_CALLS = (
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
    Call(
        "GET",
        f"{_ONE}/logs/index",
        log_index.log_index,
        f"Count the lines of up to {log_index.COUNTS} chunks of output",
        Access.READER,
        LogIndex,
        query=_PLACE,
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
)

CALLBACK_CALLS = (
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
