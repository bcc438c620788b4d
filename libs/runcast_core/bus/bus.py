"""The bus's interface: live events per organization with a journal beside them, and signals between services.

`redis/` is the real one, `memory_bus.py` the fake for tests; one contract suite runs over both. Redis may be
flushed at any moment: nothing here is the truth.
"""

from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from runcast_core.bus.api_keys import ApiKeys
from runcast_core.bus.presence import Presence
from runcast_core.bus.revocations import Revocations
from runcast_core.model.events import Event

JOURNAL_ENTRIES = 10_000
JOURNAL_BYTES = 8 * 1024 * 1024
"""A journal's bounds, whichever is met first: beyond them the oldest events go."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One published event as a subscriber, or a reader of the journal, sees it."""

    organization_id: str
    offset: str
    """Its id in the journal, `<milliseconds>-<n>`; rises with every event of the organization."""
    event: Event


@dataclass(frozen=True, slots=True)
class Gap:
    """The subscription of an organization was interrupted here: events between the neighbours may be missing."""

    organization_id: str


def gapless(items: list[Delivery | Gap]) -> list[Delivery] | None:
    """Return the items if all are deliveries; None if there is a gap among them."""
    deliveries = [item for item in items if isinstance(item, Delivery)]
    return deliveries if len(deliveries) == len(items) else None


@dataclass(frozen=True, slots=True)
class JournalPage:
    """Entries that follow each other in an organization's journal, read in one step with its epoch."""

    epoch: str
    """Names the history that the entries belong to. Offsets of another epoch mean nothing, though they may look alike:
    a replica that took over may have lost the middle."""
    entries: list[Delivery]

    def follows(self, epoch: str | None, offset: str) -> bool:
        """Tell whether the page begins with exactly that entry, in that history: then what follows is all that did."""
        return self.epoch == epoch and bool(self.entries) and self.entries[0].offset == offset


@dataclass(frozen=True, slots=True)
class JournalTail:
    """Where an organization's journal ends now."""

    epoch: str
    offset: str


class SignalKind(StrEnum):
    """What services tell each other beside the events."""

    WAKE = "wake"
    CANCEL = "cancel"
    REVOKE = "revoke"


@dataclass(frozen=True, slots=True)
class Signal:
    """A hint that makes somebody look sooner. Losing one costs time, never correctness."""

    kind: SignalKind
    organization_id: str = ""
    task_id: str = ""
    subject: str = ""
    """Of a revocation."""


class Subscription(Protocol):
    """One subscriber's connection, made again for as long as it takes. Iterate it in one task; add and remove
    organizations from any."""

    async def add(self, organization_id: str) -> None:
        """Return once the server acknowledged, however long that takes: from then on no event is missed without a
        `Gap`. Idempotent."""
        ...

    def remove(self, organization_id: str) -> None:
        """Want the organization no more; who still waits for its acknowledgement stops waiting."""
        ...

    def check(self) -> None:
        """Raise `BusUnavailable` while the connection is interrupted."""
        ...

    def __aiter__(self) -> AsyncIterator[list[Delivery | Gap]]:
        """Yield what arrived together, in the order of publishing for each organization; never an empty list. What is
        no event is skipped and logged."""
        ...

    async def until_gap(self, relay: Callable[[list[Delivery]], None]) -> list[Delivery | Gap]:
        """As iterating, for whoever has to be quick: `relay` is called, perhaps with nothing, in the middle of reading.
        Return, and read no further, what arrived together with the first `Gap`."""
        ...


class Bus(Revocations, ApiKeys, Presence, Protocol):
    """A verb that waits for an answer of Redis raises `BusUnavailable` where none comes."""

    async def publish(self, organization_id: str, event: Event) -> str:
        """Append to the organization's journal and publish, in one step; return the offset. Never retried: after an
        error the event may or may not have been published, and a `resync` of its execution follows when Redis answers
        again."""
        ...

    async def broadcast(self, event: Event) -> None:
        """Send to every authenticated socket of the installation, without journal or offset. Only for workers of the
        replaced system that name no organization, and only while `RUNCAST_GLOBAL_FALLBACK` is on."""
        ...

    async def read_journal(self, organization_id: str, *, start: str = "-", count: int = 1000) -> JournalPage:
        """Return up to `count` entries from the offset `start` on, that one included if it is there."""
        ...

    async def journal_tail(self, organization_id: str) -> JournalTail:
        """Return the last offset. An empty journal is given a `mark` first, published like any event, so that there
        always is one."""
        ...

    async def keep_journals(self, organization_ids: Collection[str]) -> None:
        """Renew the time after which these journals expire: somebody holds an offset of each."""
        ...

    def subscription(self) -> AbstractAsyncContextManager[Subscription]:
        """Open a subscriber without organizations; Redis need not be there yet."""
        ...

    async def signal(self, signal: Signal) -> None: ...

    def signals(self) -> AbstractAsyncContextManager[AsyncIterator[Signal]]:
        """Subscribe, however long that takes, then yield signals; a `WAKE` of no organization follows each
        interruption, as some may have been lost."""
        ...

    async def ping(self) -> None:
        """Return if Redis answers."""
        ...
