"""One authenticated dashboard socket: whose it is, and how a frame gets onto it."""

from dataclasses import dataclass
from typing import Protocol

from runcast_core.tokens import Claims


class Transport(Protocol):
    """What carries a socket's packets, in the order of the calls."""

    def send(self, eio_sid: str, frame: str) -> bool:
        """Queue a Socket.IO packet without waiting. False if the connection is gone, or was over its bound and is
        closed therefore."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Socket:
    """A socket that a verified token let in. `sid` names it in Socket.IO, `eio_sid` its connection in Engine.IO."""

    sid: str
    eio_sid: str
    claims: Claims
    transport: Transport

    @property
    def organization_id(self) -> str:
        return self.claims.organization_id

    def send(self, frame: str) -> bool:
        return self.transport.send(self.eio_sid, frame)
