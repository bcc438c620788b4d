"""Brings a client that was away what it missed, then lets it go on live, or finds that this cannot be complete.

An offset is good if the journal still has exactly that entry, in the history that the client's pid names.
"""

from collections.abc import Sequence
from contextlib import suppress

import structlog

from runcast_core.access.tokens import Claims
from runcast_core.bus.bus import Bus, Delivery
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.events import resync
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.protocol.handshake import Handshake
from runcast_gateway.protocol.pid import parse_pid
from runcast_gateway.relay.frame import event_frames
from runcast_gateway.relay.offset import is_offset, parse_offset
from runcast_gateway.relay.room import Room
from runcast_gateway.relay.socket import Socket

log = structlog.get_logger()

PAGE = 100


class Recovery:
    """Reads journals for the sockets that come back."""

    def __init__(self, bus: Bus, metrics: GatewayMetrics) -> None:
        self._bus = bus
        self._metrics = metrics

    async def missed(self, room: Room, claims: Claims, handshake: Handshake) -> Sequence[Delivery] | None:
        """Return the journal from the client's offset on, that entry first. None if it cannot be recovered."""
        pid = parse_pid(handshake.pid or "")
        if pid is None or pid.epoch != room.epoch or not pid.belongs_to(claims):
            return None
        if handshake.offset is None or not is_offset(handshake.offset):
            return None
        missed = await self._page(room, handshake.offset)
        if missed is None:
            await self._refound(room)
        return missed

    async def _refound(self, room: Room) -> None:
        """Where Redis was flushed, nobody here has an offset of the journal: let the room be told of a new one."""
        with suppress(BusUnavailable):
            await self._bus.journal_tail(room.organization_id)

    async def replay(self, socket: Socket, room: Room, entries: Sequence[Delivery]) -> None:
        """Write what follows the first entry, page after page, and join the room exactly there.

        The first page is written, and the room joined if that was all, before this waits for anything.
        """
        self._metrics.recovered.inc()
        epoch = room.epoch
        while True:
            room.write(socket, entries[1:])
            after = entries[-1].offset
            if room.epoch == epoch and room.hand_over(socket, parse_offset(after)):
                return
            await socket.connection.drained()
            page = await self._page(room, after) if room.epoch == epoch else None
            if socket.gone:
                return
            if page is None:
                self._give_up(socket, room)
                return
            entries = page

    async def _page(self, room: Room, start: str) -> Sequence[Delivery] | None:
        """Return entries from `start` on, that one first. None if the journal does not have it, or not any more."""
        try:
            page = await self._bus.read_journal(room.organization_id, start=start, count=PAGE)
        except BusUnavailable:
            return None
        return page.entries if page.follows(room.epoch, start) else None

    def _give_up(self, socket: Socket, room: Room) -> None:
        """Let a client that was told it is recovered read again over HTTP: the journal lost what it has not seen."""
        log.warning("Recovery broke off, the dashboard has to read again", socket=socket.sid)
        self._metrics.broken_recoveries.inc()
        socket.write(event_frames(resync("recovery broke off")))
        room.join(socket)
