"""The place up to which a container's log was read: a broken stream resumes there, without loss or repetition.

Stamps are not in order, so the last one does not tell the place. But a read from a time on has the same entries in the
same order each time, so the number of those that were taken does.
"""

from dataclasses import dataclass

from runcast_runner.executors.docker.log import NANO, Entry
from runcast_runner.executors.thread_pipe import Piece

SKEW = NANO
"""Standard output and error are stamped by two threads of the engine: an entry that begins a line may come after one
with a stamp this much later."""
OWN_STREAM = 0
LOST = b"[... output lost]\n"


@dataclass(slots=True)
class _Checkpoint:
    """A time, and what was taken of a read from there on."""

    at: int
    count: int = 0
    first: Entry | None = None

    def pass_by(self, entry: Entry) -> None:
        if entry.stamp >= self.at:
            self.first = self.first or entry
            self.count += 1


class LogPlace:
    """Holds two checkpoints, however long the log: `_reached`, before which nothing new can have a stamp, and `_next`,
    which was later than all that had been taken when it was set."""

    def __init__(self) -> None:
        self._newest = -1
        self._open: dict[int, int] = {}
        """Each stream whose last line has not ended, with the stamp that its rest will have."""
        self._reached = _Checkpoint(0)
        self._next = _Checkpoint(0)
        self._since = 0
        self._to_skip = 0
        self._lost = False

    def resume(self) -> int:
        """Return from which time on to ask for entries again; all that is then read must be passed to `take`."""
        self._since = self._reached.at
        self._to_skip = self._reached.count
        self._lost = False
        return self._since

    def take(self, entry: Entry) -> list[Piece]:
        """Return what is new by stream: of an entry that came before, nothing; of one after a gap, also `LOST`."""
        if self._came_before(entry):
            return []
        gap = self._pass_gap() if self._lost else []
        self._note(entry)
        return [*gap, (entry.stream, entry.data)]

    def _came_before(self, entry: Entry) -> bool:
        if entry.stamp < self._since:
            return True  # newer engines look for the first entry that is late enough, then send all
        if self._to_skip and self._is_other(entry):
            self._lost, self._to_skip = True, 0
        if self._to_skip:
            self._to_skip -= 1
            return True
        return self._lost and entry.stamp <= self._newest

    def _is_other(self, entry: Entry) -> bool:
        """Tell whether this cannot be the entry that was in its place: the log was rotated."""
        begins = self._to_skip == self._reached.count
        return entry.stamp > self._newest or (begins and entry != self._reached.first)

    def _pass_gap(self) -> list[Piece]:
        """Count anew from here on; end the lines whose rest may be lost, so that no other is taken for it."""
        ends = [(stream, b"\n") for stream in self._open]
        self._open.clear()
        self._reached, self._next = _Checkpoint(self._newest + 1), _Checkpoint(self._newest + 1)
        self._lost = False
        return [*ends, (OWN_STREAM, LOST)]

    def _note(self, entry: Entry) -> None:
        self._reached.pass_by(entry)
        self._next.pass_by(entry)
        self._newest = max(self._newest, entry.stamp)
        self._open.pop(entry.stream, None)
        if not entry.data.endswith(b"\n"):
            self._open[entry.stream] = entry.stamp
        if min([self._newest - SKEW, *self._open.values()]) >= self._next.at:
            self._reached, self._next = self._next, _Checkpoint(self._newest + 1)
