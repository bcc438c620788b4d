"""Tells the bus again what it must not forget: when it lost its memory, when an api starts, and now and then.

The bus knows since when it was told everything. While it was not, gateways open no room (ADR 13).
"""

from collections.abc import Awaitable, Callable, Sequence

import anyio
import structlog

from runcast_core.bus.bus import Bus
from runcast_core.bus.revocations import Revocation
from runcast_core.model.errors import BusUnavailable, RuncastError
from runcast_core.store.store import Store
from runcast_core.store.sweeps import sweep

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
AT_ONCE = 20


class Teller:
    """One api's. Of several at once each may tell: what was told twice is no news."""

    def __init__(self, bus: Bus, tells: Sequence[Tell]) -> None:
        self._bus = bus
        self._tells = tells
        self._began = False
        """Whether this api told everything once since it started."""

    async def start(self) -> None:
        """Tell everything before anybody is served, if store and bus answer soon; else `run` does."""
        with anyio.move_on_after(START_S):
            try:
                await self._tell()
            except RuncastError as error:
                log.warning("Not told again yet what was revoked", reason=error.message)

    async def run(self) -> None:
        """Look for ever whether everything has to be told again."""
        await sweep("Telling again what was revoked failed", self._look, LOOK_S)

    async def _look(self) -> None:
        try:
            ago_ms = await self._bus.told_ago_ms()
        except BusUnavailable:
            return  # which others say
        if not self._began or ago_ms is None or ago_ms >= AGAIN_S * 1000:
            await self._tell()

    async def _tell(self) -> None:
        telling = await self._bus.begin_telling()
        for tell in self._tells:
            await tell()
        if await self._bus.end_telling(telling):
            self._began = True
            log.info("Told again what was revoked")


async def tell_revocations(store: Store, bus: Bus, *, keep_s: int) -> None:
    """Tell every revocation that a token may be alive of. `keep_s` is the longest lifetime of one."""
    last: Revocation | None = None
    while page := await store.recent_revocations(within_ms=keep_s * 1000 + SKEW_MS, after=last, limit=PAGE):
        for begin in range(0, len(page), AT_ONCE):
            await _tell_all(bus, page[begin : begin + AT_ONCE], keep_s)
        last = page[-1]


async def _tell_all(bus: Bus, revocations: Sequence[Revocation], keep_s: int) -> None:
    failed: list[BusUnavailable] = []

    async def tell(revocation: Revocation) -> None:
        try:
            await bus.revoke(revocation.organization_id, revocation.subject, revocation.at, keep_s)
        except BusUnavailable as error:
            failed.append(error)

    async with anyio.create_task_group() as tasks:
        for revocation in revocations:
            tasks.start_soon(tell, revocation)
    if failed:
        raise failed[0]


async def forget_old_sessions(store: Store, *, keep_s: int, interval: float = AGAIN_S) -> None:
    """Remove, for ever, what is known of sessions of which no token can be alive any more."""

    async def forget() -> None:
        while await store.forget_sessions(older_than_ms=keep_s * 1000 + 2 * SKEW_MS):
            pass

    await sweep("Removal of old sessions failed", forget, interval)
