"""Which lines contain a text, whatever the case of either, and where; as they are seen, without control sequences."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

_SEQUENCE = re.compile(
    r"\x1b(?:"
    r"\[[0-?]*[ -/]*[@-~]?"  # CSI: colours
    r"|[]PX^_][^\x07\x18\x1a\x1b\n]*[\x07\x18\x1a]?"  # OSC and other strings, to their end or that of the line
    r"|[ -/]*[0-~]?)"  # all others
)
"""What runners leave in output are colours; workers may report anything."""
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")

Range = tuple[int, int]


class Line(NamedTuple):
    """A line that contains the text: its number among those searched, from 0, as it is stored, without sequences, and
    that in folded case."""

    number: int
    stored: str
    seen: str
    folded: str


class LineMatcher:
    """Finds the lines of a text that contain `wanted`."""

    def __init__(self, wanted: str) -> None:
        self._wanted = without_sequences(wanted).casefold()

    def lines(self, text: str) -> Iterator[Line]:
        """Yield the lines that contain what is wanted."""
        seen = without_sequences(text)
        folded = seen.casefold()
        if self._wanted not in folded:
            return
        stored, shown = text.split("\n"), seen.split("\n")
        for number, line in enumerate(folded.split("\n")):
            if self._wanted in line:
                yield Line(number, stored[number], shown[number], line)

    def ranges(self, line: Line, limit: int) -> tuple[Range, ...]:
        """Return where the text is in the line without sequences: the first `limit` ranges of code points, from and up
        to, in order and apart from each other. Where folding made several characters of one, as `ss` of `ß`, and a
        match has some of them, its range has the whole one."""
        spans: list[Range] = []
        size = len(self._wanted)
        first = line.folded.find(self._wanted)
        while first >= 0 and len(spans) < limit:
            spans.append((first, first + size))
            first = line.folded.find(self._wanted, first + size)
        return tuple(spans if len(line.folded) == len(line.seen) else _unfolded(line.seen, spans))


def without_sequences(text: str) -> str:
    """Return a text, or several lines of it, without control sequences that begin with ESC."""
    return _SEQUENCE.sub("", text) if "\x1b" in text else text


def _unfolded(seen: str, spans: list[Range]) -> Iterator[Range]:
    """Yield ranges of a folded line as those of the line itself. No character folds to none, so that a folded line of
    the same length has each character where it was."""
    added = _added(seen)
    end = 0
    for first, last in spans:
        begin = max(first - bisect_right(added, first), end)
        end_of_one = last - bisect_right(added, last - 1)
        if begin < end_of_one:
            yield begin, end_of_one
            end = end_of_one


def _added(seen: str) -> list[int]:
    """Return which characters of the folded line are the second or third of one."""
    added: list[int] = []
    for found in _NOT_ASCII.finditer(seen):
        first = found.start() + len(added)
        added += range(first + 1, first + len(found[0].casefold()))
    return added
