"""What is stored of an attempt's output already, and how the rest is found where all of it is read again."""

import hashlib

from runcast_core.model.executions import Execution, LogChunk
from runcast_core.store.store import Store

REPEATED = "[... the container's log begins later than what was kept: lines may be missing, and kept ones follow again]"
DIFFERENT = "[... the container's log is not what was kept: lines may be missing here]"


class StoredOutput:
    """The chunks of an attempt from 1 on, without gaps, in numbers."""

    def __init__(self) -> None:
        self.last_seq = 0
        self.lines = 0
        self.size = 0
        """In bytes of UTF-8, each line with its newline."""
        self.digest = hashlib.sha256()
        self.beginning: list[str] = []
        """The lines of the first chunk."""

    def add(self, chunk: LogChunk) -> None:
        lines = chunk.text.split("\n")
        data = chunk.text.encode() + b"\n"
        self.beginning = self.beginning or lines
        self.last_seq = chunk.seq
        self.lines += len(lines)
        self.size += len(data)
        self.digest.update(data)


async def stored_output(store: Store, execution: Execution) -> StoredOutput | None:
    """Return what is stored of the execution's attempt; None where numbers are missing, which a store that lost writes
    leaves: nobody can number on from there. Raises `StoreUnavailable`."""
    stored = StoredOutput()
    key = execution.organization_id, execution.task_id
    while page := await store.read_logs(*key, attempt=execution.attempt, after=stored.last_seq):
        for chunk in page:
            if chunk.seq != stored.last_seq + 1:
                return None
            stored.add(chunk)
    return stored


class OutputAgain:
    """Passes over the lines that are stored, when all lines come once more from the first one."""

    def __init__(self, stored: StoredOutput) -> None:
        self._stored = stored
        self._passed = 0
        self._digest = hashlib.sha256()

    def new(self, text: str) -> str | None:
        """Return those of the lines that are not stored, joined by newlines; None if all are. Where the lines are not
        those that were stored, one that says so comes first."""
        left = self._stored.lines - self._passed
        if not left:
            return text
        lines = text.split("\n")
        if (other := self._first_other(lines)) is not None:
            self._passed = self._stored.lines
            return "\n".join([REPEATED, *lines[other:]])
        again, new = lines[:left], lines[left:]
        self._passed += len(again)
        self._digest.update("".join(f"{line}\n" for line in again).encode())
        if self._passed == self._stored.lines and self._digest.digest() != self._stored.digest.digest():
            new.insert(0, DIFFERENT)
        return "\n".join(new) if new else None

    def _first_other(self, lines: list[str]) -> int | None:
        """Return which line is not the one that the output began with: the engine has rotated its beginning away."""
        expected = self._stored.beginning[self._passed :]
        pairs = zip(lines, expected, strict=False)
        return next((number for number, (line, stored) in enumerate(pairs) if line != stored), None)
