"""Walks along a session's chain: how an old cookie is told from a stranger's guess. Each keeps a core busy for
milliseconds, and whoever knows a session's id can ask for one; so there are few, one after the other.
"""

from collections import OrderedDict
from collections.abc import Collection

import anyio
import anyio.to_thread

from runcast_api.accounts.pages.chain import Chain
from runcast_core.model.errors import RuncastError

EVERY_S = 10
"""So long after a walk of a session there is no other one of it."""
MAX_RECENT = 256
"""Of how many sessions there is a walk within that time: together they take about a third of a core."""


class TooManyTries(RuncastError):
    """Whether a cookie is an old one was asked too often."""

    code = "TOO_MANY_TRIES"
    retry_after_s = EVERY_S

    def __init__(self) -> None:
        super().__init__(f"this cookie is not the session's newest, and others were tried just now: wait {EVERY_S} s")


class Walks:
    """Those of one process."""

    def __init__(self) -> None:
        self._recent: OrderedDict[str, float] = OrderedDict()
        self._limiter: anyio.CapacityLimiter | None = None

    async def leads_to(self, chain: Chain, session_id: str, secret: str, hashes: Collection[str]) -> bool:
        """Tell whether a secret is one of these, or was one before them. Raises `TooManyTries`."""
        self._note(session_id)
        if self._limiter is None:  # it belongs to an event loop
            self._limiter = anyio.CapacityLimiter(1)
        return await anyio.to_thread.run_sync(chain.leads_to, session_id, secret, hashes, limiter=self._limiter)

    def _note(self, session_id: str) -> None:
        now = anyio.current_time()
        while self._recent and next(iter(self._recent.values())) + EVERY_S <= now:
            self._recent.popitem(last=False)
        if session_id in self._recent or len(self._recent) >= MAX_RECENT:
            raise TooManyTries
        self._recent[session_id] = now
