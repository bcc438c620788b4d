"""Ends each socket with its token: a warning shortly before, `auth-error` and a disconnection then."""

import math
import time
from collections.abc import Callable

import anyio

from runcast_core.access.tokens import Claims
from runcast_core.model.clock import iso
from runcast_core.model.events import token_expiring
from runcast_gateway.relay.frame import event_frames
from runcast_gateway.relay.hub import Hub
from runcast_gateway.relay.socket import Socket

SWEEP_S = 1.0
_LATEST = 253_402_300_799  # the last second of the year 9999, which a date can hold


class Expiry:
    """Looks at every socket's token when the soonest is due. Times are seconds since 1970, as in the tokens."""

    def __init__(self, hub: Hub, *, warn_s: float) -> None:
        self._hub = hub
        self._warn_s = warn_s
        self._soonest = math.inf

    def note(self, socket: Socket) -> None:
        """Watch a socket that arrived, or has another token."""
        self._soonest = min(self._soonest, self._due(socket))

    async def run(self, end: Callable[[Socket], None]) -> None:
        """Warn, and let `end` end, for ever."""
        while True:
            await anyio.sleep(SWEEP_S)
            self.sweep(time.time(), end)

    def sweep(self, now: float, end: Callable[[Socket], None]) -> None:
        if now < self._soonest:
            return
        for socket in [socket for socket in self._hub.all_sockets() if self._due(socket) <= now]:
            if socket.claims.expires_at <= now:
                end(socket)
            else:
                socket.warned_of = socket.claims.expires_at
                socket.write(event_frames(token_expiring(expires_at(socket.claims))))
        self._soonest = min(map(self._due, self._hub.all_sockets()), default=math.inf)

    def _due(self, socket: Socket) -> float:
        """Return when something has to be done about the socket."""
        end = socket.claims.expires_at
        return end if socket.warned_of == end else end - self._warn_s


def expires_at(claims: Claims) -> str:
    return iso(min(claims.expires_at, _LATEST) * 1000)
