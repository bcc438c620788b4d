"""How much each case asks of a server, so that a whole run ends in time."""

from dataclasses import dataclass

OFFERED = 200_000
"""Deliveries a second: more than most of these systems can do on one core."""
SINGLES = 10_000
"""Deliveries a second at most while events come one at a time, which every system can do."""
SLOW_SHARE = 6
"""A slow system is given so many times fewer events under load."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Numbers of events, rates in events a second, times in seconds."""

    single_events: int
    single_rate: float
    offered_events: int
    offered_rate: float
    burst_events: int
    irrelevant_s: float
    settle_s: float

    @classmethod
    def of(cls, sockets: int, *, quick: bool, slow: bool) -> "Plan":
        single_rate, offered_rate = min(20.0, SINGLES / sockets), OFFERED / sockets
        divisor = SLOW_SHARE if slow else 1
        return cls(
            single_events=int(single_rate * (2 if quick else 3)),
            single_rate=single_rate,
            offered_events=int(offered_rate * (1 if quick else 2) / divisor),
            offered_rate=offered_rate,
            burst_events=300 // divisor,
            irrelevant_s=0.75 if quick else 1.5,
            settle_s=0.3 if quick else 1.0,
        )
