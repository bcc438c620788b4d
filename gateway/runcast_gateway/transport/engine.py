"""What a connection needs of the server that it belongs to, so that neither module imports the other."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from anyio.abc import TaskGroup

from runcast_gateway.bounds import Bounds
from runcast_gateway.relay.socket import Listener


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Whom connections tell and ask; python-engineio's own constructors take options of its own only."""

    bounds: Bounds
    listener: Listener
    tasks: TaskGroup
    """What does not wait where it was begun runs here."""
    refused: Callable[[str], None]
    """Called with the name of a bound that a client exceeded."""
    overrun: Callable[[], None]
    """Called when a client is cut off that did not read."""


class Engine(Protocol):
    """The server of Engine.IO connections; times are in seconds."""

    collaborators: Collaborators
    sockets: dict[str, Any]
    """The connections that live, by their id."""
    ping_interval: float
    ping_timeout: float
    reason: Any
    """python-engineio's names of why a connection ended."""
    _async: dict[str, Any]
    """python-engineio's names of what serves a WebSocket."""
