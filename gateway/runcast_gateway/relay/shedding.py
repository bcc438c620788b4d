"""What was kept from a socket that is too slow for output, and what it has to be told of that."""

from collections.abc import Iterable, Set

from runcast_core.model.events import resync
from runcast_gateway.relay.frame import Frames, event_packet

MAX_TASKS = 100
EVERYTHING = ""
"""Stands for all tasks, once more than `MAX_TASKS` were kept."""


class Shedding:
    """The tasks of which some output was kept since the socket became too slow.

    A socket is told to read a task again when the keeping starts, and once more before each offset that passes what was
    kept since: a client that comes back with that offset has nothing to be told any more.
    """

    def __init__(self) -> None:
        self._told: set[str] = set()
        self._untold: set[str] = set()
        """Those of them that have to be told again before the next offset."""

    def keep(self, tasks: Set[str], *, offset_follows: bool) -> Frames | None:
        """Note that output of these tasks is kept now; return what the socket is told before anything else."""
        if EVERYTHING in self._told or len(self._told | self._untold | tasks) > MAX_TASKS:
            self._told &= {EVERYTHING}
            tasks = {EVERYTHING} if tasks else set()
            self._untold &= {EVERYTHING}
        self._untold |= tasks
        telling = set(self._untold) if offset_follows else self._untold - self._told
        self._untold -= telling
        self._told |= telling
        return _resyncs(telling, "too slow for output") if telling else None

    def end(self) -> Frames | None:
        """Return what the socket is told when it gets output again."""
        return _resyncs(self._told, "output resumed") if self._told else None


def _resyncs(tasks: Iterable[str], reason: str) -> Frames:
    return Frames([event_packet(resync(reason, task or None)) for task in sorted(tasks)])
