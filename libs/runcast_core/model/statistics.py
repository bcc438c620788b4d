"""What is told of many executions together: how many waited and ran in the last hour, and how some ended."""

from collections.abc import Iterable
from typing import NamedTuple

from runcast_core.model.executions import CLAIMED, Status

MINUTE_MS = 60_000
MINUTES = 60
"""How many minutes of activity are kept and told: this one, and those before it."""


class Load(NamedTuple):
    """How many executions of an organization wait and run at once, external ones included."""

    waiting: int
    running: int

    def at_least(self, other: "Load") -> "Load":
        """Return the higher of each."""
        return Load(max(self.waiting, other.waiting), max(self.running, other.running))


NOTHING = Load(0, 0)


def load_of(status: Status) -> Load:
    """Return what an execution in this state adds."""
    return Load(int(status is Status.PENDING), int(status in CLAIMED))


class Bucket(NamedTuple):
    """What is kept of a minute in which something changed."""

    minute: int
    """Of UTC, since 1970."""
    first: Load
    """As it was when the minute began."""
    most: Load
    """The highest of each within it."""


class Activity(NamedTuple):
    """The highest load of each of the last `MINUTES` minutes, oldest first."""

    minute: int
    """The first of them, since 1970."""
    loads: tuple[Load, ...]


class Ended(NamedTuple):
    """What charts need of an execution that ended. Times are UTC milliseconds."""

    task_id: str
    image: str | None
    status: Status
    started_at: int | None
    ended_at: int

    @property
    def duration_ms(self) -> int | None:
        """None where it never started. A clock that was set back makes none below 0."""
        return None if self.started_at is None else max(0, self.ended_at - self.started_at)


def activity(minute: int, now: Load, buckets: Iterable[Bucket]) -> Activity:
    """Return the hour that ends with this minute, from the load as it is now and the buckets that are kept. In a minute
    without one nothing changed: it was as the next bucket began, or as it is now."""
    kept = {bucket.minute: bucket for bucket in buckets}
    loads, load = [], now
    for each in range(minute, minute - MINUTES, -1):
        bucket = kept.get(each)
        loads.append(NOTHING.at_least(bucket.most if bucket else load))
        load = bucket.first if bucket else load
    return Activity(minute - MINUTES + 1, tuple(reversed(loads)))
