"""What a client says in its `auth`. Who it is is decided by its token alone; refusals carry ORIGINAL's words."""

from dataclasses import dataclass
from typing import Any

from runcast_core.access.tokens import Claims, TokenVerifier
from runcast_core.model.errors import InvalidInput, InvalidToken
from runcast_core.model.identifiers import check_task_id

MAX_PID_LENGTH = 512
MAX_OFFSET_LENGTH = 40


class Refused(Exception):
    """The socket may not come in: `error` is for the client, `reason` for the log."""

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(reason)
        self.error = error
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a client wants. `pid` and `offset` are its own words: good for nothing until they were looked at."""

    recover: bool = False
    watching: frozenset[str] | None = None
    pid: str | None = None
    offset: str | None = None


async def authenticate(auth: object, verifier: TokenVerifier) -> Claims:
    """Return who a client with this `auth` is. Only its `token` counts; raises `Refused`, or `KeysUnavailable`."""
    token = auth.get("token") if isinstance(auth, dict) else None
    if token is None or token == "":
        raise Refused("Authentication required", "No token provided")
    try:
        return await verifier.verify(token)
    except InvalidToken as exc:
        raise refused_token() from exc


def refused_token() -> Refused:
    return Refused("Invalid or expired token", "Invalid token")


def read_handshake(auth: dict[str, Any], *, max_watched: int) -> Handshake:
    """Return what an authenticated client wants. Raises `InvalidInput` for a `watch` that cannot be."""
    recover = auth.get("recover") is True
    watch = auth.get("watch")
    return Handshake(
        recover=recover,
        watching=None if watch is None else watched(watch, max_watched=max_watched),
        pid=_text(auth.get("pid"), MAX_PID_LENGTH) if recover else None,
        offset=_text(auth.get("offset"), MAX_OFFSET_LENGTH) if recover else None,
    )


def watched(tasks: object, *, max_watched: int) -> frozenset[str]:
    """Return the tasks to watch. Raises `InvalidInput` for what is no list of task ids, or one that is too long."""
    if not isinstance(tasks, list):
        raise InvalidInput("watch must be a list of task ids", code="INVALID_WATCH")
    if len(tasks) > max_watched:
        raise InvalidInput(f"a socket may watch {max_watched} tasks at once", code="TOO_MANY_WATCHED")
    return frozenset(map(check_task_id, tasks))


def _text(value: object, longest: int) -> str | None:
    return value if isinstance(value, str) and len(value) <= longest else None
