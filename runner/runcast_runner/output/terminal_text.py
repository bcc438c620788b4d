"""Removes what would steer a terminal from a line's bytes: all control sequences of ECMA-48 but colours (SGR)."""

import re

_TOKENS = re.compile(
    rb"(?:\x1b\]|\xc2\x9d)(?:[^\x07\x18\x1a\x1b\xc2]|\xc2(?!\x9c))*(\x07|\x18|\x1a|\xc2\x9c)?"  # OSC
    rb"|(?:\x1b[PX^_]|\xc2[\x90\x98\x9e\x9f])(?:[^\x18\x1a\x1b\xc2]|\xc2(?!\x9c))*(\x18|\x1a|\xc2\x9c)?"  # strings
    rb"|(?:\x1b\[(?![0-9;:]{0,256}m)|\xc2\x9b)[0-?]{0,256}[ -/]{0,16}([@-~])?"  # CSI that is no SGR
    rb"|\x1b(?!\[)[ -/]{0,16}([0-~])?"
    rb"|(\xc2[\x80-\x9f])"
    rb"|\xc2(?![\xa0-\xbf])"
    rb"|([\x01-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f])"
)
_STRINGS = frozenset(b"\x1b" + bytes([c]) for c in b"]PX^_") | {b"\xc2" + bytes([c]) for c in b"\x90\x98\x9d\x9e\x9f"}
_INVALID = "\ufffd".encode()


class TerminalText:
    """One line at a time, cut anywhere: `feed` its bytes without the line feed, then `end` it.

    `ESC [ … m`, tab, CR and NUL stay. A sequence ends at the latest with its line; a CSI that has not ended after 256
    bytes is no sequence. At most that many bytes are held; of a string (OSC, DCS, PM, APC, SOS) only how it began.
    https://ecma-international.org/publications-and-standards/standards/ecma-48/
    """

    def __init__(self) -> None:
        self._open = b""

    @property
    def between(self) -> bool:
        """Tell whether no sequence is open."""
        return not self._open

    def feed(self, data: bytes) -> bytes:
        data, self._open = self._open + data, b""
        return _TOKENS.sub(self._removed, data)

    def end(self) -> bytes:
        """Forget a sequence that has not ended; return what was held of a character."""
        held, self._open = self._open, b""
        return held if held == b"\xc2" else b""

    def _removed(self, token: re.Match[bytes]) -> bytes:
        if token.lastindex is None and token.end() == len(token.string):
            self._open = _opened(token[0])
        elif token[0] == b"\xc2":
            return _INVALID  # what follows may be removed: it must not be joined with what comes then
        return b""


def visible(data: bytes) -> bytes:
    """Return a whole line as `TerminalText` shows it."""
    terminal = TerminalText()
    return terminal.feed(data) + terminal.end()


def _opened(token: bytes) -> bytes:
    if token[:2] not in _STRINGS:
        return token
    return token[:2] + (b"\xc2" if token[2:].endswith(b"\xc2") else b"")
