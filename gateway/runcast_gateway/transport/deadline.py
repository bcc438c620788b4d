"""Until when something has to have happened on a connection. A timer of the event loop: no task waits."""

import asyncio
from collections.abc import Callable


class Deadline:
    """Calls after a time unless it is lifted before; a new one takes the place of the one before."""

    __slots__ = ("_timer",)

    def __init__(self) -> None:
        self._timer: asyncio.TimerHandle | None = None

    @property
    def running(self) -> bool:
        return self._timer is not None

    def begin(self, seconds: float, passed: Callable[..., None], *arguments: int) -> None:
        self.lift()
        self._timer = asyncio.get_running_loop().call_later(seconds, passed, *arguments)

    def lift(self) -> None:
        """Let go of the call, also of one that was made: it holds the connection."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
