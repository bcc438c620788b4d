"""What a list of executions is asked for: where it begins and ends, and which of those it shows."""

from dataclasses import dataclass

from runcast_core.model.executions import Status

LOOKED_AT = 10_000
"""How many executions one call goes through at most for the few that it shows."""

COUNTED = 10_000
"""How far from its front the queue of a pool is counted."""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in the list of executions, newest first: the entry that a page ended with. The greater is the newer."""

    created_at: int
    task_id: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which executions a list shows: those of which all is true that is given. `text` is a part of the task id or of
    the image, whatever the case of either; `image_prefix` how the image begins; `since` and `until` are UTC
    milliseconds of `created_at`, the latter not included."""

    statuses: frozenset[Status] = frozenset()
    image: str | None = None
    image_prefix: str | None = None
    requested_by: str | None = None
    pool: str | None = None
    since: int | None = None
    until: int | None = None
    text: str | None = None

    @property
    def sifted(self) -> bool:
        """Tell whether some of what is between two places is not shown."""
        told = (self.image, self.image_prefix, self.requested_by, self.pool, self.text)
        return bool(self.statuses) or any(each is not None for each in told)

    def begin(self, after: Position | None) -> Position | None:
        """Return the place after which the list begins, if there is one."""
        places = [after, None if self.until is None else Position(self.until, "")]
        return min((place for place in places if place), default=None)

    def end(self, down_to: Position | None) -> Position | None:
        """Return the place with which the list ends at the latest, if there is one."""
        places = [down_to, None if self.since is None else Position(self.since, "")]
        return max((place for place in places if place), default=None)


EVERY = Wanted()
