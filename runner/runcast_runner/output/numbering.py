"""From lines to numbered chunks of counted lines, and the proof of all that was numbered."""

from bisect import bisect_right
from collections.abc import Iterator

from runcast_core.model.clock import now_ms
from runcast_core.model.executions import Execution, LogChunk, OutputEnd
from runcast_runner.output.stored_output import StoredOutput

CHUNK_CHARACTERS = 16_384
Piece = tuple[bool, str]
"""Whether it came from standard error, and one or more lines, joined by newlines without a last one."""
_Run = tuple[int, int]


class Numbering:
    """Numbers an attempt's chunks and lines from 1, or on from what is stored of it. `proof` is of every line so far,
    each followed by a newline, in UTF-8."""

    def __init__(self, execution: Execution, stored: StoredOutput) -> None:
        self._execution = execution
        self._seq = stored.last_seq
        self._lines = stored.lines
        self._size = stored.size
        self._digest = stored.digest.copy()

    @property
    def proof(self) -> OutputEnd:
        return OutputEnd(self._seq, self._size, self._digest.hexdigest(), self._lines)

    def chunks(self, pieces: list[Piece]) -> list[LogChunk]:
        """Return the pieces' lines in order, in chunks of up to `CHUNK_CHARACTERS` or of one longer line."""
        if not pieces:
            return []
        text = "\n".join([text for _, text in pieces])
        data = text.encode()
        self._digest.update(data)
        self._digest.update(b"\n")
        self._size += len(data) + 1
        return list(self._numbered(text, _stderr_runs(pieces)))

    def _numbered(self, text: str, stderr: list[_Run]) -> Iterator[LogChunk]:
        owner, now, before = self._execution, now_ms(), self._lines
        for cut in _cut(text):
            self._seq += 1
            count, first = cut.count("\n") + 1, self._lines + 1
            marked = _within(stderr, self._lines - before, count)
            self._lines += count
            yield LogChunk(owner.organization_id, owner.task_id, owner.attempt, self._seq, cut, now, marked, first)


def _cut(text: str) -> Iterator[str]:
    at = 0
    while len(text) - at > CHUNK_CHARACTERS:
        end = text.rfind("\n", at, at + CHUNK_CHARACTERS + 1)
        if end < 0:
            end = text.find("\n", at)
        if end < 0:
            break
        yield text[at:end]
        at = end + 1
    yield text[at:]


def _stderr_runs(pieces: list[Piece]) -> list[_Run]:
    """Return the lines from standard error as runs of (first line, number of lines), counted over all pieces."""
    if not any(stderr for stderr, _ in pieces):
        return []
    runs: list[_Run] = []
    first = 0
    for stderr, text in pieces:
        count = text.count("\n") + 1
        if stderr and runs and sum(runs[-1]) == first:
            runs[-1] = runs[-1][0], runs[-1][1] + count
        elif stderr:
            runs.append((first, count))
        first += count
    return runs


def _within(runs: list[_Run], first: int, count: int) -> tuple[_Run, ...]:
    """Return what of the runs is among `count` lines from `first` on, counted from there."""
    clipped = []
    for number in range(bisect_right(runs, first, key=sum), len(runs)):
        begin, end = max(runs[number][0], first), min(sum(runs[number]), first + count)
        if begin >= end:
            break
        clipped.append((begin - first, end - begin))
    return tuple(clipped)
