"""The place up to which a container's log was read: a broken stream resumes there, without loss or repetition."""

from datetime import datetime

STAMP_LENGTH = 30
SKEW_S = 1.0
"""Standard output and error are stamped by two threads of the engine, so stamps may step back by a little."""


class LogPlace:
    """Gets entries as `<RFC 3339 time with nanoseconds> <bytes>`, as the engine sends them with time stamps."""

    def __init__(self) -> None:
        self._stamp = b""
        self._count = 0
        self._length = 0
        self._skipping = False
        self._met = 0

    def resume(self) -> float | None:
        """Return from which time on (seconds since 1970) to ask for entries again; None from the beginning."""
        self._met = 0
        self._skipping = bool(self._stamp)
        return _seconds(self._stamp) - SKEW_S if self._stamp else None

    def take(self, entry: bytes) -> bytes:
        """Return what of the entry is new."""
        stamp, data = entry[:STAMP_LENGTH], entry[STAMP_LENGTH + 1 :]
        if len(entry) <= STAMP_LENGTH:
            return b""  # the connection broke inside its stamp: it comes again
        if self._skipping:
            return self._skip(stamp, data)
        self._count = self._count + 1 if stamp == self._stamp else 1
        self._stamp, self._length = stamp, len(data)
        return data

    def _skip(self, stamp: bytes, data: bytes) -> bytes:
        """Leave out what came before, up to and with as much of the last entry as had arrived."""
        if stamp == self._stamp:
            self._met += 1
            if self._met < self._count:
                return b""
            self._skipping = False
            new = data[self._length :]
            self._length = max(self._length, len(data))
            return new
        if _seconds(stamp) <= _seconds(self._stamp) + SKEW_S:
            return b""
        self._skipping = False  # the last entry was rotated away
        return self.take(stamp + b" " + data)


def _seconds(stamp: bytes) -> float:
    return datetime.fromisoformat(f"{stamp[:26].decode()}+00:00").timestamp()
