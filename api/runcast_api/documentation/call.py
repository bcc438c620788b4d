"""One call of the HTTP interface: path, method, what handles it and what the documentation says of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import UnionType
from typing import Any

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from runcast_core.model.wire.shape import Shape

Handler = Callable[[Request], Awaitable[Response]]


class Access(Enum):
    """Who may call."""

    PUBLIC = "anybody"
    PAGE = "a page of this installation, by its session's cookie and `X-Runcast: 1`"
    READER = "any role"
    OWNER = "a person of any role, for oneself; no API key"
    WRITER = "admin or developer"
    ADMIN = "admin"
    MANAGER = "an admin who logged in; no API key"
    WORKER = "a worker: RUNCAST_CALLBACK_TOKEN, a worker key, a job's own token, or a peer in RUNCAST_CALLBACK_NETWORKS"


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
    body_required: bool = True
    query: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    """The query's parameters, each with its JSON schema."""

    @property
    def compressible(self) -> bool:
        """Whether its answer may be compressed: what every role may read, of which nothing is a credential."""
        return self.method == "GET" and self.access in {Access.PUBLIC, Access.READER}
