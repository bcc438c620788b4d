"""Tells the bus who is connected to this gateway: again every few seconds, and soon after it changed."""

from collections.abc import Callable, Mapping

import anyio
import structlog

from runcast_core.bus.bus import Bus
from runcast_core.bus.presence import REFRESH_S
from runcast_core.model.errors import BusUnavailable

log = structlog.get_logger()

COALESCE_S = 0.5
"""Changes within this time are told together."""
LEAVE_S = 2.0
"""How long taking everything back may take at the end; what is left then counts until it is stale."""

Sockets = Mapping[str, Mapping[str, int]]
"""For each organization, its users with how many sockets each has here."""


class PresenceReporter:
    """Keeps the bus's picture of this gateway like the hub's."""

    def __init__(self, bus: Bus, gateway_id: str) -> None:
        self._bus = bus
        self._gateway_id = gateway_id
        self._told: dict[str, dict[str, int]] = {}
        """What the bus may still hold of this gateway."""
        self._changed = anyio.Event()
        self._failing = False

    def changed(self) -> None:
        """Note, without waiting, that a socket came or went."""
        self._changed.set()

    async def run(self, presence: Callable[[], Sockets]) -> None:
        """Tell for ever what `presence` returns; at the end take back all of it. While the bus does not answer, that is
        logged once, and told when it does."""
        try:
            while True:
                await self._tell(self._now(presence()))
                refresh_at = anyio.current_time() + REFRESH_S
                while await self._changed_before(refresh_at):
                    now = self._now(presence())
                    await self._tell({o: users for o, users in now.items() if users != self._told.get(o, {})})
        finally:
            with anyio.move_on_after(LEAVE_S, shield=True):
                await self._tell({organization_id: {} for organization_id in self._told})

    def _now(self, sockets: Sockets) -> dict[str, dict[str, int]]:
        """Return these, and nobody for each organization that there was before."""
        gone: dict[str, dict[str, int]] = {organization_id: {} for organization_id in self._told}
        return gone | {organization_id: dict(users) for organization_id, users in sockets.items()}

    async def _changed_before(self, deadline: float) -> bool:
        """Wait for a change and what comes with it. False if there is none until the deadline."""
        with anyio.move_on_after(max(0, deadline - anyio.current_time())) as waiting:
            await self._changed.wait()
            await anyio.sleep(COALESCE_S)
        if waiting.cancelled_caught:
            return False
        self._changed = anyio.Event()
        return True

    async def _tell(self, presence: dict[str, dict[str, int]]) -> None:
        """Tell of these organizations. After a failure the bus may hold either, until everything is told again."""
        if not presence:
            return
        self._told |= presence
        try:
            await self._bus.note_presence(self._gateway_id, presence)
        except BusUnavailable as error:
            if not self._failing:
                log.warning("Presence not told", reason=error.message)
            self._failing = True
            return
        self._failing = False
        self._told = {o: users for o, users in self._told.items() if users or o not in presence}
