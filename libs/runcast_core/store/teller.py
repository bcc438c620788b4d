"""Tells the bus again what it must not forget: when it lost its memory, when an api starts, and now and then.

The bus knows since when it was told everything. While it was not, gateways open no room (ADR 13).
"""

from collections.abc import Awaitable, Callable, Sequence

import anyio
import structlog

from runcast_core.bus.bus import Bus
from runcast_core.bus.revocations import Revocation
from runcast_core.model.errors import BusUnavailable, RuncastError
from runcast_core.store.key_directory import tell_revocation
from runcast_core.store.store import Store
from runcast_core.store.sweeps import all_of, sweep

log = structlog.get_logger()

Tell = Callable[[], Awaitable[None]]
"""Tells one kind of things, all of it. Raises `StoreUnavailable` or `BusUnavailable`; it is then called again."""
LOOK_S = 1.0
AGAIN_S = 600.0
"""How often everything is told though the bus knows that it was: one node of a cluster may have lost its memory alone,
and a replica that took over may have lost the last moments."""
START_S = 5.0
"""How long the start of an api waits for it."""
SKEW_MS = 60_000
"""By which the clocks of hosts may differ."""
PAGE = 500


class Teller:
    """One api's. Of several at once each may tell: what was told twice is no news."""

    def __init__(self, bus: Bus, tells: Sequence[Tell]) -> None:
        self._bus = bus
        self._tells = tells
        self._due = True
        """Whether this api has to tell everything, whoever did before: it has not since it started, or since it could
        not tell something."""

    async def start(self) -> None:
        """Tell everything before anybody is served, if store and bus answer soon; else `run` does."""
        with anyio.move_on_after(START_S):
            try:
                await self._tell()
            except RuncastError as error:
                log.warning("Not told everything again yet", reason=error.message)

    def tell_again(self) -> None:
        """Have everything told again soon, and until that succeeds: something was stored and could not be told."""
        self._due = True

    async def run(self) -> None:
        """Look for ever whether everything has to be told again."""
        await sweep("Telling everything again failed", self._look, LOOK_S)

    async def _look(self) -> None:
        try:
            ago_ms = await self._bus.told_ago_ms()
        except BusUnavailable:
            return  # which others say
        if self._due or ago_ms is None or ago_ms >= AGAIN_S * 1000:
            await self._tell()

    async def _tell(self) -> None:
        """What becomes due meanwhile stays so: it may have been passed already."""
        self._due, told = False, False
        try:
            telling = await self._bus.begin_telling()
            for tell in self._tells:
                await tell()
            told = await self._bus.end_telling(telling)
        finally:
            self._due = self._due or not told
        if told:
            log.info("Told everything again")


async def tell_revocations(store: Store, bus: Bus, *, keep_s: int) -> None:
    """Tell every revocation that a token may be alive of. `keep_s` is the longest lifetime of one."""
    last: Revocation | None = None
    while page := await store.recent_revocations(within_ms=keep_s * 1000 + SKEW_MS, after=last, limit=PAGE):
        await all_of(lambda revocation: tell_revocation(bus, revocation, keep_s), page)
        last = page[-1]


async def forget_old_sessions(store: Store, *, keep_s: int, interval: float = AGAIN_S) -> None:
    """Remove, for ever, what is known of sessions of which no token can be alive any more."""

    async def forget() -> None:
        while await store.forget_sessions(older_than_ms=keep_s * 1000 + 2 * SKEW_MS):
            pass

    await sweep("Removal of old sessions failed", forget, interval)
