"""From bytes to whole lines: control sequences removed, secrets masked, long lines cut, binary ones named."""

import codecs
import re

from runcast_runner.output.masking import REACH, Masker
from runcast_runner.output.terminal_text import TerminalText

MAX_LINE_BYTES = 16_384
_HELD_BYTES = MAX_LINE_BYTES + 4 * REACH
_MAX_COLOURS = 1024
_LEAST_INVALID = 4
_SPECIAL = bytes({*range(9), *range(0x0B, 0x20), 0x7F, 0xC2})
_COLOURS = re.compile(rb"\x1b\[[0-9;:]*m")
_HARMLESS = re.compile(rb"\x1b\[[0-9;:]{0,256}m|\xc2[\xa0-\xbf]")
_CUT_COLOUR = re.compile(rb"\x1b(?:\[[0-9;:]*)?\Z")


class LineDecoder:
    """Takes one stream's output in pieces cut anywhere; gives the lines that are complete, in order, masked.

    Colours (SGR) stay, all else that steers a terminal goes. CR begins the line's next state: the last one with text is
    shown. A line with a NUL byte, or of which a third and at least four bytes are no UTF-8, is binary and becomes a
    marker; else invalid bytes become U+FFFD. A line over `MAX_LINE_BYTES` is kept to there and says how much of it is
    missing. Held are that and what tells whether a secret goes across the cut.
    """

    def __init__(self, masker: Masker | None = None) -> None:
        self._masker = masker or Masker()
        self._terminal = TerminalText()
        self._held = bytearray()
        self._cut = 0
        self._next: bytes | None = None
        """After CR: the colours with which the next state begins."""
        self._taken = 0
        self._binary = False

    def feed(self, data: bytes) -> list[str]:
        first, ended, rest = data.partition(b"\n")
        self._take(first)
        if not ended:
            return []
        lines = [self._line()]
        block, ended, rest = rest.rpartition(b"\n")
        if ended:
            lines += self._whole(block)
        self._take(rest)
        return lines

    def finish(self) -> list[str]:
        """Return the last line if it did not end in a newline."""
        return [line] if self._taken and (line := self._line()) else []

    def _whole(self, block: bytes) -> list[str]:
        """Return whole lines; plain ones are decoded and searched all at once."""
        simple = block.removesuffix(b"\r").replace(b"\r\n", b"\n")
        if _plain(simple) or _plain(_HARMLESS.sub(b"", simple)):
            text = simple.decode("utf-8", "replace")
            lines = text.split("\n")
            if "\ufffd" not in text and max(map(len, lines)) <= MAX_LINE_BYTES // 4:
                masked = self._masker.mask(text)
                return lines if masked is text else masked.split("\n")
        lines = []
        for part in block.split(b"\n"):
            self._take(part)
            lines.append(self._line())
        return lines

    def _take(self, part: bytes) -> None:
        self._taken += len(part)
        if self._next is None and self._terminal.between and _plain(part):
            self._hold(part)
            return
        self._binary |= b"\0" in part
        first, *states = self._terminal.feed(part).split(b"\r")
        self._add(first)
        for state in states:
            self._next = self._next or b""
            self._add(state)

    def _add(self, part: bytes) -> None:
        if self._next is not None:
            self._next += part
            if len(self._next) < _MAX_COLOURS and not _COLOURS.sub(b"", self._next):
                return
            part, self._next = self._next, None
            self._held.clear()
            self._cut = 0
        self._hold(part)

    def _hold(self, part: bytes) -> None:
        room = _HELD_BYTES - len(self._held)
        self._held += part[:room]
        self._cut += max(0, len(part) - room)

    def _line(self) -> str:
        self._add(self._terminal.end())
        self._hold(self._next or b"")
        held, cut, taken, binary = bytes(self._held), self._cut, self._taken, self._binary
        self._held.clear()
        self._cut, self._taken, self._next, self._binary = 0, 0, None, False
        text = held.decode("utf-8", "replace")
        if binary or ("\ufffd" in text and _mostly_invalid(held)):
            return f"[... {taken} bytes of binary output]"
        if len(held) <= MAX_LINE_BYTES:
            return self._masker.mask(text)
        kept = _whole_characters(held[:MAX_LINE_BYTES])
        shown = self._masker.mask(text, len(kept.decode("utf-8", "replace")))
        return f"{shown} [... {len(held) + cut - len(kept)} bytes cut]"


def masked(text: str, masker: Masker) -> str:
    """Return a text that came at once as output would be shown."""
    decoder = LineDecoder(masker)
    return "\n".join([*decoder.feed(text.encode("utf-8", "replace")), *decoder.finish()])


def _plain(data: bytes) -> bool:
    return len(data.translate(None, _SPECIAL)) == len(data)


def _mostly_invalid(data: bytes) -> bool:
    invalid = len(data) - len(data.decode("utf-8", "ignore").encode())
    return invalid >= _LEAST_INVALID and invalid * 3 >= len(data)


def _whole_characters(data: bytes) -> bytes:
    """Return `data` without a character or colour that the cut went through."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data)
    pending, _ = decoder.getstate()
    return _CUT_COLOUR.sub(b"", data[: len(data) - len(pending)])
