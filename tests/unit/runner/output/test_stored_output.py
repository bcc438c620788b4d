"""Output that is read again from its beginning: what is stored of it comes once."""

import hashlib
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runcast_core.model.executions import Execution, LogChunk, OutputEnd
from runcast_runner.output.execution_log import STDERR, ExecutionLog
from runcast_runner.output.stored_output import DIFFERENT, REPEATED, OutputAgain, StoredOutput, stored_output

OWNER = Execution("org", "t", "image", 1, 1, attempt=3)


def _chunk(seq: int, text: str) -> LogChunk:
    return LogChunk("org", "t", 3, seq, text, 1)


def _stored(*texts: str) -> StoredOutput:
    stored = StoredOutput()
    for number, text in enumerate(texts, 1):
        stored.add(_chunk(number, text))
    return stored


def _new(stored: StoredOutput, *texts: str) -> list[str]:
    """Return the new lines of all that comes again."""
    again = OutputAgain(stored)
    return [line for text in texts if (new := again.new(text)) is not None for line in new.split("\n")]


_LINES = st.lists(st.sampled_from(["", "a", "b", "same", "ü"]), max_size=12)


def _cut(data: st.DataObject, lines: list[str]) -> list[str]:
    """Cut lines anywhere into texts."""
    borders = sorted(data.draw(st.sets(st.integers(1, max(1, len(lines) - 1)))) & set(range(1, len(lines))))
    edges = [0, *borders, len(lines)]
    return ["\n".join(lines[a:b]) for a, b in pairwise(edges) if a < b]


@given(st.data(), _LINES, _LINES)
def test_however_it_is_cut_only_what_is_not_stored_is_new(data, before, after):
    """Stored in any chunks, read again in any pieces."""
    stored = _stored(*_cut(data, before))
    assert _new(stored, *_cut(data, before + after)) == after


def test_a_log_that_begins_later_is_all_new_after_a_line_that_says_so():
    """The engine rotated its beginning away: nothing that is left of it is dropped."""
    stored = _stored("1\n2", "3\n4")
    assert _new(stored, "3\n4", "5") == [REPEATED, "3", "4", "5"]
    assert _new(stored, "1\n3", "4\n5") == [REPEATED, "3", "4", "5"]


def test_a_log_that_differs_later_is_said_to():
    """The same beginning, the same number of lines, but not the same ones."""
    assert _new(_stored("1", "2\n3"), "1\n2\nx\n4") == [DIFFERENT, "4"]


def test_a_log_that_is_shorter_says_nothing_new():
    """Until as many lines came as are stored."""
    assert _new(_stored("1", "2", "3"), "1\n2") == []


class Pages:
    """A store with these chunks, which gives two at a time."""

    def __init__(self, *seqs: int) -> None:
        self._chunks = [_chunk(seq, f"line {seq}") for seq in seqs]

    async def read_logs(self, organization_id: str, task_id: str, *, attempt: int, after: int = 0) -> list[LogChunk]:
        assert (organization_id, task_id, attempt) == ("org", "t", 3)
        return [chunk for chunk in self._chunks if chunk.seq > after][:2]


async def test_what_is_stored_is_read_in_pages():
    """Seq, lines, bytes and digest of all of it."""
    stored = await stored_output(Pages(1, 2, 3), OWNER)
    data = b"line 1\nline 2\nline 3\n"
    assert (stored.last_seq, stored.lines, stored.size) == (3, 3, len(data))
    assert stored.digest.hexdigest() == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("seqs", [(2,), (1, 3), (1, 2, 4)])
async def test_nobody_goes_on_after_a_gap(seqs):
    """Numbers that are there already would be given to other lines."""
    assert await stored_output(Pages(*seqs), OWNER) is None


async def _written(log: ExecutionLog, *pieces: tuple[bytes, int]) -> list[LogChunk]:
    chunks = []
    for data, stream in pieces:
        await log.write(data, stream)
        chunks += log.take()
        log.settled(log.proof.last_seq)
    return chunks


def _known(chunk: LogChunk) -> tuple:
    return chunk.seq, chunk.text, chunk.stderr, chunk.first_line


@pytest.mark.parametrize("kept", range(5))
async def test_a_log_goes_on_with_numbers_and_proof(kept):
    """As if nobody had been away, with the lines of standard error marked, over the cap's marker and at the end; its
    lines are counted on, also where those that are stored are of a version that did not count."""
    pieces = [(b"1\n2\n", 1), (b"x\ny", STDERR), (b"3\n", 1), (b"z\n" + b"-" * 999_980, STDERR), (b"\n4\n", 1)]
    whole = ExecutionLog(OWNER, lambda _: None, max_mb=1)
    expected = await _written(whole, *pieces)
    stored = StoredOutput()
    for chunk in expected[:kept]:
        stored.add(replace(chunk, first_line=None))
    resumed = ExecutionLog(OWNER, lambda _: None, max_mb=1, stored=stored)
    chunks = await _written(resumed, *pieces)
    for log, all_chunks in ((whole, expected), (resumed, chunks)):
        log.finish()
        all_chunks += log.take()
    assert list(map(_known, chunks)) == list(map(_known, expected[kept:]))
    assert sum(chunk.lines for chunk in expected) == resumed.proof.lines
    assert resumed.proof == whole.proof != OutputEnd(0, 0, hashlib.sha256().hexdigest())
