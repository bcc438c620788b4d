"""Who is connected: each gateway tells the bus about its own sockets, and whoever asks gets the sum.

`redis/presence.py` is the real one, `memory_sessions.py` the fake.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

STALE_MS = 15_000
"""What a gateway told so long ago counts no more: it was killed, or cannot reach the bus."""
REFRESH_S = 5.0
"""How often a gateway tells it again."""


@dataclass(frozen=True, slots=True)
class Present:
    """An organization's sockets by user, over all gateways that hold any."""

    users: Mapping[str, int]
    gateways: int

    @property
    def sockets(self) -> int:
        return sum(self.users.values())

    @classmethod
    def summed(cls, gateways: Iterable[Mapping[str, int]]) -> Self:
        """Return what several gateways hold together."""
        told = list(gateways)
        total = sum((Counter(users) for users in told), Counter[str]())
        return cls(dict(total), len(told))


class Presence(Protocol):
    """The part of the bus that knows who is connected."""

    async def note_presence(self, gateway_id: str, presence: Mapping[str, Mapping[str, int]]) -> None:
        """Replace what this gateway told of these organizations: sockets by user, for each. One without any is removed;
        others stay as they are. Counts for `STALE_MS`, on the bus's own clock."""
        ...

    async def presence(self, organization_id: str) -> Present:
        """Return the sum over the gateways that told lately."""
        ...
