"""Empties a gateway that is to leave, without a crowd at the others' doors.

`drain` is informational: official clients ignore it. So the gateway closes each connection itself, at a moment of its
own within the window, in a way that lets the client come back at once, and elsewhere.
"""

import random
from collections.abc import Callable, Iterable

import anyio
import structlog

from runcast_core.model.events import drain
from runcast_gateway.relay.frame import event_frames
from runcast_gateway.transport.engineio_socket import EngineSocket

log = structlog.get_logger()

STEP_S = 0.05


class Drain:
    """Closes connections spread over a window; those that come meanwhile, too."""

    def __init__(self, connections: Callable[[], Iterable[EngineSocket]], *, window_s: float) -> None:
        self._connections = connections
        self._window_s = window_s
        self.started = False

    async def run(self) -> None:
        """Return once no connection is left, or the window has passed."""
        self.started = True
        begun = anyio.current_time()
        due: dict[EngineSocket, float] = {}
        log.info("Draining", connections=len(list(self._connections())), window_s=self._window_s)
        while (now := anyio.current_time()) < begun + self._window_s and (present := list(self._connections())):
            for connection in present:
                if connection not in due:
                    due[connection] = self._greet(connection, begun + self._window_s - now) + now
                elif due[connection] <= now:
                    connection.end()
            await anyio.sleep(STEP_S)
        self.hang_up()
        log.info("Drained", seconds=round(anyio.current_time() - begun, 1))

    def hang_up(self) -> None:
        """Close every connection now, as where there is no other gateway to go to. Clients may come back."""
        self.started = True
        for connection in list(self._connections()):
            connection.abort()

    def _greet(self, connection: EngineSocket, left_s: float) -> float:
        """Tell a dashboard, and return after how many seconds it is closed.

        The first moments are for load balancers, to notice before a client comes back; the last are for stragglers.
        """
        within_s = random.uniform(left_s * 0.1, left_s * 0.9)  # noqa: S311 - nothing that anybody has to guess
        if connection.socket is not None:
            connection.write(event_frames(drain(round(left_s * 1000))))
        return within_s
