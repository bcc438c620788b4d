"""The place up to which a container's log was read: a broken stream resumes there, without loss or repetition."""

from datetime import datetime

STAMP_LENGTH = 30
SKEW_S = 0.1
"""Standard output and error are stamped by two threads of the engine, so stamps may step back by a little."""


class LogPlace:
    """Gets entries as `<RFC 3339 time with nanoseconds> <bytes>`, as the engine sends them with time stamps."""

    def __init__(self) -> None:
        self._stamp = b""
        self._count = 0
        """How many entries with this stamp came last."""
        self._skipping = False
        self._met = 0

    def resume(self) -> float | None:
        """Return from which time on (seconds since 1970) to ask for entries again; None from the beginning."""
        self._met = 0
        self._skipping = bool(self._stamp)
        return _seconds(self._stamp) - SKEW_S if self._stamp else None

    def take(self, entry: bytes) -> bytes:
        """Return the bytes of an entry, or none if it came before."""
        stamp, data = entry[:STAMP_LENGTH], entry[STAMP_LENGTH + 1 :]
        if self._skipping and self._came_before(stamp):
            return b""
        self._count = self._count + 1 if stamp == self._stamp else 1
        self._stamp = stamp
        return data

    def _came_before(self, stamp: bytes) -> bool:
        if stamp == self._stamp:
            self._met += 1
            self._skipping = self._met < self._count
            return True
        # Well past the last entry without having met it: it was rotated away.
        self._skipping = _seconds(stamp) <= _seconds(self._stamp) + SKEW_S
        return self._skipping


def _seconds(stamp: bytes) -> float:
    return datetime.fromisoformat(f"{stamp[:26].decode()}+00:00").timestamp()
