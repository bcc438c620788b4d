"""Time that tests need not wait for: a loop whose clock leaps to its next timer once nothing else is left to do."""

import asyncio
import selectors

import pytest


class _Leaping(selectors.DefaultSelector):
    """Looks for what is ready, and takes the time for passed that there was to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0 if timeout else timeout)
        if timeout and not ready:
            self.now += timeout
        return ready


class LeapingLoop(asyncio.SelectorEventLoop):
    """Durations on it are exact, however busy the machine is. For what has neither threads nor sockets nor processes,
    which take time that it does not know of."""

    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now


leaping_clock = pytest.mark.parametrize("anyio_backend", [("asyncio", {"loop_factory": LeapingLoop})], ids=["leaping"])
"""Lets a test, or a module of them, run on it."""
