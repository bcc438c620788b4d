"""The events an organization was relayed last, for sockets that change from replay to live."""

from collections import deque

from runcast_core.bus.bus import Delivery
from runcast_gateway.relay.offset import Offset

MAX_ENTRIES = 500
MAX_BYTES = 256 * 1024


class Ring:
    """A bounded run of deliveries without a gap: all that followed `floor`."""

    def __init__(self, *, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES) -> None:
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._entries: deque[tuple[Offset, Delivery]] = deque()
        self._bytes = 0
        self.floor: Offset = (0, 0)

    def append(self, offset: Offset, delivery: Delivery) -> None:
        self._entries.append((offset, delivery))
        self._bytes += len(delivery.event.payload)
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self.floor, evicted = self._entries.popleft()
            self._bytes -= len(evicted.event.payload)

    def after(self, offset: Offset) -> list[Delivery]:
        """Return what followed, oldest first. Only if `offset` is not below `floor` that is everything."""
        return [delivery for known, delivery in self._entries if known > offset]

    def begin_after(self, floor: Offset) -> None:
        """Note that something may have come before `floor` and is not here."""
        self.floor = max(self.floor, floor)

    def restart(self, floor: Offset) -> None:
        """Begin again: what is in it belongs to another history."""
        self._entries.clear()
        self._bytes = 0
        self.floor = floor
