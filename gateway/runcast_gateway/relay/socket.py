"""One authenticated dashboard socket: whose it is, what it wants to see, and the connection beneath it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from runcast_core.access.tokens import Claims
from runcast_gateway.relay.batch import NO_OUTPUT, Lane
from runcast_gateway.relay.frame import Frames
from runcast_gateway.relay.shedding import Shedding


class Writer(Protocol):
    """Where frames go, in the order of the calls."""

    @property
    def send(self) -> Callable[[Frames], int]:
        """Takes frames without waiting, and returns how many bytes it took; raises `OSError` if it took none. What it
        did not take has to be given to `rest` before anything else is sent."""
        ...

    def rest(self, data: bytes) -> None: ...

    def write(self, frames: Frames) -> None:
        """Send all, or buffer what cannot be sent yet."""
        ...


class _Nowhere:
    """Takes the frames of a connection that is gone."""

    send = staticmethod(len)

    def rest(self, data: bytes) -> None: ...

    def write(self, frames: Frames) -> None: ...


NOWHERE: Writer = _Nowhere()


class Connection(Protocol):
    """What carries a socket's packets."""

    writer: Writer

    def buffered(self) -> int:
        """Return how many bytes wait in this process."""
        ...

    async def drained(self) -> None:
        """Return once little is buffered, or the connection is gone."""
        ...

    def abort(self) -> None:
        """End it at once, whatever is buffered. Official clients then come back by themselves."""
        ...


class Listener(Protocol):
    """Who is told how a socket's connection fares, in the middle of whatever it does: nothing here may wait."""

    def congested(self, socket: "Socket") -> None:
        """More is buffered than the soft bound allows."""
        ...

    def drained(self, socket: "Socket") -> None:
        """Half of the soft bound is buffered, or less."""
        ...

    def lost(self, socket: "Socket") -> None:
        """The connection is gone, and takes nothing more."""
        ...


@dataclass(slots=True, eq=False)
class Socket:
    """A socket that a verified token let in. `sid` names it in Socket.IO."""

    sid: str
    claims: Claims
    connection: Connection
    organization_id: str = field(init=False)
    """The token's, for good: a later token has to name the same."""
    writer: Writer = field(init=False)
    """The connection's own, which changes when it does."""
    recover: bool = False
    watching: frozenset[str] | None = None
    """The tasks whose output it wants. None: that of all."""
    shedding: Shedding | None = None
    """What was kept from it, while it is too slow for output."""
    lane: Lane | None = None
    """The lane it is in; set by its room alone."""
    warned_of: int = 0
    """The end of its token that it was warned of."""
    gone: bool = False
    """Set by the hub alone."""

    def __post_init__(self) -> None:
        self.organization_id = self.claims.organization_id
        self.writer = self.connection.writer

    def write(self, frames: Frames) -> None:
        self.writer.write(frames)

    def wanted_lane(self) -> Lane:
        return Lane(self.recover, self.watching if self.shedding is None else NO_OUTPUT)
