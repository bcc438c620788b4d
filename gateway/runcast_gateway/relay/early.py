"""What arrives for rooms that are not open yet: kept, within a bound, until it is known who may see it."""

from collections.abc import Sequence

from runcast_core.bus.bus import Delivery

MAX_BYTES = 1_048_576
"""Of payloads, for each room."""


class Early:
    """Deliveries by organization."""

    def __init__(self) -> None:
        self._kept: dict[str, list[Delivery]] = {}
        self._bytes: dict[str, int] = {}

    def keep(self, organization_id: str, deliveries: Sequence[Delivery]) -> bool:
        """Keep these behind the others; False if that is too much, and nothing of the organization is kept."""
        size = self._bytes.get(organization_id, 0) + sum(len(delivery.event.payload) for delivery in deliveries)
        if size > MAX_BYTES:
            self.take(organization_id)
            return False
        self._bytes[organization_id] = size
        self._kept.setdefault(organization_id, []).extend(deliveries)
        return True

    def take(self, organization_id: str) -> list[Delivery]:
        """Return what is kept, and keep it no more."""
        self._bytes.pop(organization_id, None)
        return self._kept.pop(organization_id, [])
