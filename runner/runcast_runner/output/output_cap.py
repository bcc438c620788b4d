"""The bound on what is kept of one attempt's output."""

MB = 1_000_000


class OutputCap:
    """Lets lines pass up to `megabytes` (of 1,000,000 bytes of UTF-8, newlines included); then counts what it drops."""

    def __init__(self, megabytes: int) -> None:
        self._megabytes = megabytes
        self._left = megabytes * MB
        self._cut = False
        self._lines = 0
        self._bytes = 0

    def take(self, lines: list[str]) -> str | None:
        """Return what is kept of the lines, joined by newlines; at the cut with a line that says so. None: nothing."""
        if self._cut:
            self._drop(lines)
            return None
        text = "\n".join(lines)
        size = _size(text)
        if size <= self._left:
            self._left -= size
            return text
        return "\n".join(self._cut_off(lines))

    def end(self) -> str | None:
        """Return a line that says how much was dropped since this was last asked; None if nothing was."""
        if not self._lines:
            return None
        told = f"[... {self._lines} more lines, {self._bytes} bytes, were not kept]"
        self._lines = self._bytes = 0
        return told

    def _cut_off(self, lines: list[str]) -> list[str]:
        self._cut = True
        kept = 0
        while (size := _size(lines[kept])) <= self._left:
            self._left -= size
            kept += 1
        self._drop(lines[kept:])
        return [*lines[:kept], f"[... output over {self._megabytes} MB is not kept]"]

    def _drop(self, lines: list[str]) -> None:
        self._lines += len(lines)
        self._bytes += _size("\n".join(lines))


def _size(text: str) -> int:
    return len(text if text.isascii() else text.encode()) + 1
