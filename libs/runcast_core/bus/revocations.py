"""Revoked sessions as gateways learn of them: which users' tokens, issued before when, are worth nothing.

The store has them for good (`store/`); the bus tells the gateways, which look nothing up, and remembers for as long
as a token can live. `redis/revocations.py` is the real one, `memory_sessions.py` the fake.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

MAX_REVOCATIONS = 10_000
"""Of one organization that the bus remembers; beyond that the oldest go."""
REMOVED = 2**53 - 1
"""The time, of a revocation, that says that the user is gone: later than any token."""


@dataclass(frozen=True, slots=True)
class Revocation:
    """Every token of the user that was issued before `at` (milliseconds since 1970) is worthless."""

    organization_id: str
    user_id: str
    at: int


class Revocations(Protocol):
    """The part of the bus that tells gateways."""

    async def revoke(self, organization_id: str, user_id: str, at_ms: int, keep_s: int) -> None:
        """Remember the revocation for `keep_s`, the longest lifetime of a token, and signal it, in one step.
        Idempotent: an earlier `at_ms` than is known changes nothing. One later than `keep_s` from now is kept as that:
        no token of today outlives it."""
        ...

    async def revocations(self, organization_id: str) -> Mapping[str, int]:
        """Return each user whose sessions were revoked, with the time in milliseconds."""
        ...
