"""What one client, user or organization may take of a gateway, and how long events may wait for company."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """A gateway's bounds; see `runcast_gateway.settings` for the variables that set them."""

    window_s: float = 0.02
    """The longest that an event of a busy organization waits for others to be written with it."""
    soft_bytes: int = 1024 * 1024
    """Buffered to a socket, beyond which output is kept from it."""
    hard_bytes: int = 4 * 1024 * 1024
    """Buffered to a socket, beyond which it is cut off."""
    watched: int = 100
    """Tasks that one socket may watch."""
    sockets_per_organization: int = 10_000
    sockets_per_user: int = 1_000
    messages_per_s: int = 50
    """What a client may send; more, for longer than a moment, ends its connection."""
    handshake_s: float = 20.0
    """How long a connection may take to say who it is."""
