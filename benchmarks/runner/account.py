"""What a client received of a printer's lines: whether all came once and in order, and how late."""

import statistics
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Account:
    """Counts lines of `printer.c` as they are received; times are in nanoseconds since 1970."""

    lines: int = 0
    disorder: int = 0
    """Lines whose number did not follow the one before."""
    first_printed: int = 0
    last_received: int = 0
    lags: list[int] = field(default_factory=list)
    _expected: int = 1
    _rest: str = ""

    def feed(self, text: str, received: int) -> None:
        """Take output cut anywhere."""
        *whole, self._rest = (self._rest + text).split("\n")
        for line in whole:
            self._take(line, received)

    def _take(self, line: str, received: int) -> None:
        number, printed, _ = (*line.split(" ", 2), "", "")[:3]
        if not (number.isdecimal() and printed.isdecimal()):
            self.disorder += 1  # a piece of a line, or a word of whoever brought it
            return
        self.disorder += int(number) != self._expected
        self._expected = int(number) + 1
        self.first_printed = self.first_printed or int(printed)
        self.lines += 1
        self.last_received = received
        self.lags.append(received - int(printed))

    def report(self) -> dict[str, Any]:
        """Return the figures: lines a second from the first line's printing to the last one's arrival, lags in ms."""
        seconds = (self.last_received - self.first_printed) / 1e9
        centiles = statistics.quantiles(self.lags, n=100) if len(self.lags) > 1 else [0.0] * 99
        return {
            "lines": self.lines,
            "disorder": self.disorder,
            "linesPerSecond": self.lines / seconds if seconds > 0 else 0.0,
            "p50Ms": centiles[49] / 1e6,
            "p99Ms": centiles[98] / 1e6,
        }
