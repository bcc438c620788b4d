"""From bytes to whole lines: incremental UTF-8, and long lines cut with a marker."""

import codecs

MAX_LINE_BYTES = 16_384


class LineDecoder:
    """Takes output in pieces cut anywhere; gives the lines that are complete.

    Invalid UTF-8 becomes U+FFFD and NUL U+2400. A line over `MAX_LINE_BYTES` is kept to there and says how much of it
    is missing; no more than that is ever held.
    """

    def __init__(self) -> None:
        self._held = bytearray()
        self._cut = 0

    def feed(self, data: bytes) -> list[str]:
        *complete, rest = data.split(b"\n")
        lines = []
        for part in complete:
            self._hold(part)
            lines.append(self._line())
        self._hold(rest)
        return lines

    def finish(self) -> list[str]:
        """Return the last line if it did not end in a newline."""
        return [self._line()] if self._held or self._cut else []

    def _hold(self, part: bytes) -> None:
        room = MAX_LINE_BYTES - len(self._held)
        self._held += part[:room]
        self._cut += max(0, len(part) - room)

    def _line(self) -> str:
        held, cut = bytes(self._held), self._cut
        self._held.clear()
        self._cut = 0
        if cut:
            held, more = _whole_characters(held)
            cut += more
        text = held.removesuffix(b"\r").decode("utf-8", "replace").replace("\0", "\u2400")
        return f"{text} [... {cut} bytes cut]" if cut else text


def _whole_characters(data: bytes) -> tuple[bytes, int]:
    """Return `data` without a character that the cut went through, and how many bytes that was."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    decoder.decode(data)
    pending, _ = decoder.getstate()
    return data[: len(data) - len(pending)], len(pending)
