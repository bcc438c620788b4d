"""Revocations as gateways learn of them: whose tokens, issued before when, are worth nothing.

The store has them (`store/`); the bus tells the gateways, which look nothing up, and remembers for as long as a token
can live. When it loses its memory an api tells it everything again; until then nobody can say what was revoked.
`redis/revocations.py` is the real one, `memory_sessions.py` the fake.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from runcast_core.model.errors import BusUnavailable

MAX_REVOCATIONS = 10_000
"""Of one organization that the bus remembers; beyond that the oldest go."""
REMOVED = 2**53 - 1
"""The time, of a revocation, that says that the subject is gone: later than any token."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """Every token of the subject that was issued before `at` (milliseconds since 1970) is worthless. The subject is a
    user's id, a `session_subject`, or `EVERYBODY` of the organization."""

    organization_id: str
    subject: str
    at: int
    noted_at: int = field(default=0, compare=False)
    """When it was noted in the store, in milliseconds since 1970; 0 where nobody asked."""


def not_told() -> BusUnavailable:
    """Return what is raised while nobody has told the bus everything since it lost its memory."""
    return BusUnavailable("what was revoked is not known: Redis was empty, and no api has told it everything since")


class Revocations(Protocol):
    """The part of the bus that tells gateways."""

    async def revoke(self, organization_id: str, subject: str, at_ms: int, keep_s: int) -> None:
        """Remember the revocation for `keep_s`, the longest lifetime of a token, and signal it if it is news, in one
        step. Idempotent: an earlier `at_ms` than is known changes nothing. One later than `keep_s` from now is kept as
        that: no token of today outlives it."""
        ...

    async def revocations(self, organization_id: str) -> Mapping[str, int]:
        """Return each subject that was revoked, with the time in milliseconds: all of them, or `BusUnavailable` is
        raised, as also while nobody has told everything since the bus was empty."""
        ...

    async def told_ago_ms(self) -> int | None:
        """Return how long ago somebody last told everything, on the bus's own clock; None if nobody has since the bus
        was empty."""
        ...

    async def begin_telling(self) -> str:
        """Begin to tell everything; return what `end_telling` needs."""
        ...

    async def end_telling(self, telling: str) -> bool:
        """Note that everything was told. False, and nothing is noted, if the bus lost its memory meanwhile, or if
        somebody else began later: then it is theirs to end, or to be repeated."""
        ...
