"""The calls about executions, their output, and the callbacks of workers."""

from typing import Any

from runcast_api.documentation.call import Access, Call
from runcast_api.executions import callbacks, executions, listing, log_index, log_search, logs, submission
from runcast_api.models.callbacks import CallbackLog, CallbackUpdate
from runcast_api.models.executions import ExecutionRequest, Rerun
from runcast_core.model.executions import Status
from runcast_core.model.identifiers import POOL_PATTERN
from runcast_core.model.wire.callbacks import Broadcasted, Ok
from runcast_core.model.wire.executions import CancelState, ExecutionDetail, ExecutionPage, ExecutionState
from runcast_core.model.wire.output import LogIndex, LogMatches, LogPage
from runcast_core.store.listing import LOOKED_AT
from runcast_core.store.log_store import PAGE_BYTES

_ONE = "/api/executions/{taskId}"
_TIME = [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}, {"type": "integer"}]


def _text(longest: int, description: str) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": longest, "description": description}


_PAGE: dict[str, dict[str, Any]] = {
    "status": {
        "type": "array",
        "items": {"enum": [status.value for status in Status]},
        "description": "any of these; also separated by commas",
    },
    "image": _text(listing.MAX_IMAGE, "exactly this one or, with a `*` at its end, each that begins so"),
    "requestedBy": _text(listing.MAX_USER_ID, "the id of a user, or `key:<id>`"),
    "pool": {"type": "string", "pattern": POOL_PATTERN},
    "since": {"anyOf": _TIME, "description": "created then or later"},
    "until": {"anyOf": _TIME, "description": "created before"},
    "q": _text(listing.MAX_TEXT, "a part of the task id or the image, whatever the case"),
    "limit": {"type": "integer", "minimum": 1, "maximum": listing.MAX_PAGE, "default": listing.PAGE},
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
        submission.request_execution,
        "Run a container; the same taskId with the same request answers with the same execution",
        Access.WRITER,
        ExecutionState,
        status=202,
        body=ExecutionRequest,
    ),
    Call(
        "GET",
        "/api/executions",
        listing.list_executions,
        f"List executions, newest first; with filters one call looks at {LOOKED_AT}, and a page before the last may be "
        "short or empty",
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
        submission.rerun,
        "Run the same request under another task id; the same taskId again answers with the same execution",
        Access.WRITER,
        ExecutionState,
        status=202,
        body=Rerun,
        body_required=False,
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
