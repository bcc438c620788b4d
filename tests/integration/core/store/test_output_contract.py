"""The contract of lines that are counted, pages that end at a place, and counts without text, over every adapter."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from runcast_core.model.executions import LogChunk
from runcast_core.store.log_store import PAGE_BYTES, Place
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from tests.parts.stores import store_url  # noqa: F401 - a fixture


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        yield opened


def _chunks(*line_counts: int, first_line: int = 1, first_seq: int = 1, attempt: int = 1) -> list[LogChunk]:
    """Return chunks of so many empty lines, counted on from `first_line`."""
    chunks = []
    for seq, lines in enumerate(line_counts, first_seq):
        chunks.append(LogChunk("a", "t", attempt, seq, "\n" * (lines - 1), seq, first_line=first_line))
        first_line += lines
    return chunks


def _uncounted(chunks: list[LogChunk]) -> list[LogChunk]:
    return [replace(chunk, first_line=None) for chunk in chunks]


async def test_the_first_line_of_a_chunk_is_kept_or_that_it_is_unknown(store: Store):
    """As it was given."""
    chunks = [*_chunks(3, 1), *_uncounted(_chunks(2, first_seq=3))]
    await store.append_logs(chunks)
    assert await store.read_logs("a", "t", attempt=1) == chunks


async def test_lines_of_workers_are_numbered_by_the_store(store: Store):
    """Each chunk's from where the one before it ended, empty lines and a newline at its end included."""
    await store.record_external("a", "t", None)
    texts = ["one", "two\nthree", "", "five\n", "seven"]
    chunks = [await store.append_external_log("a", "t", text, 1) for text in texts]
    assert [chunk.first_line for chunk in chunks] == [1, 2, 4, 5, 7]
    assert await store.read_logs("a", "t", attempt=0) == chunks
    assert await store.line_counts("a", "t", attempt=0) == [1, 2, 1, 2, 1]


async def test_what_follows_uncounted_lines_is_not_numbered(store: Store):
    """A wrong number is worse than none."""
    await store.record_external("a", "t", None)
    await store.append_logs(_uncounted(_chunks(2, attempt=0)))
    later = [await store.append_external_log("a", "t", "x", 1) for _ in range(3)]
    assert [(chunk.seq, chunk.first_line) for chunk in later] == [(2, None), (3, None), (4, None)]


async def test_the_last_chunks_and_those_before_one_are_read_in_order(store: Store):
    """Up to `limit`, of that attempt and organization only."""
    chunks = _chunks(*[1] * 7)
    others = [*_chunks(1, 1, attempt=2), replace(chunks[6], organization_id="b"), replace(chunks[6], task_id="u")]
    await store.append_logs([*chunks, *others])
    assert await store.read_logs_before("a", "t", attempt=1) == chunks
    assert await store.read_logs_before("a", "t", attempt=1, limit=3) == chunks[4:]
    assert await store.read_logs_before("a", "t", attempt=1, before=5, limit=3) == chunks[1:4]
    assert await store.read_logs_before("a", "t", attempt=1, before=3) == chunks[:2]
    assert await store.read_logs_before("a", "t", attempt=1, before=2**53, limit=1) == chunks[6:]
    assert await store.read_logs_before("a", "t", attempt=1, before=1) == []
    assert await store.read_logs_before("c", "t", attempt=1) == []


@pytest.mark.parametrize(("character", "size"), [("x", 1), ("é", 2), ("\U0001f600", 4)])
async def test_a_page_from_the_end_is_bounded_in_bytes(store: Store, character: str, size: int):
    """Of UTF-8. It begins with the chunk that reaches the bound, however long; pages meet without a gap."""
    page_size = PAGE_BYTES // size
    lengths = [1, 1, page_size + 1, 1, 1, page_size - 1] + [page_size // 4] * 5
    for seq, length in enumerate(lengths, 1):
        await store.append_logs([LogChunk("a", "t", 1, seq, character * length, seq)])
    pages, before = [], None
    while page := await store.read_logs_before("a", "t", attempt=1, before=before):
        pages.append([chunk.seq for chunk in page])
        before = page[0].seq
    assert pages == [[8, 9, 10, 11], [6, 7], [3, 4, 5], [1, 2]]


async def test_a_line_is_found_by_its_number(store: Store):
    """The chunk that holds it, else the last one before it; none where none is known to begin so early."""
    await store.append_logs([*_chunks(3, 1, 5), *_chunks(2, first_line=20, first_seq=7)])
    await store.append_logs([replace(chunk, organization_id="b") for chunk in _chunks(50)])
    first, second, third, last = Place(1, 1, 3), Place(2, 4, 1), Place(3, 5, 5), Place(7, 20, 2)
    expected = {0: None, 1: first, 3: first, 4: second, 5: third, 9: third, 10: third, 19: third}
    expected |= dict.fromkeys((20, 21, 22, 2**53), last)
    found = {line: await store.chunk_of_line("a", "t", attempt=1, line=line) for line in expected}
    assert found == expected
    assert await store.chunk_of_line("a", "t", attempt=2, line=1) is None
    assert await store.chunk_of_line("c", "t", attempt=1, line=1) is None


async def test_uncounted_lines_are_not_found(store: Store):
    """Those of earlier versions; what was counted after them is."""
    await store.append_logs([*_uncounted(_chunks(3, 4)), *_chunks(2, first_line=8, first_seq=3)])
    found = [await store.chunk_of_line("a", "t", attempt=1, line=line) for line in (1, 7, 8, 9, 10)]
    assert found == [None, None, *[Place(3, 8, 2)] * 3]


async def test_counts_stop_where_a_number_is_missing(store: Store):
    """What comes after it is told once it is there; `limit` and `after` page through them."""
    chunks = _chunks(*range(1, 9))
    await store.append_logs([*chunks[:3], *chunks[4:]])
    assert await store.line_counts("a", "t", attempt=1) == [1, 2, 3]
    assert await store.line_counts("a", "t", attempt=1, after=3) == []
    assert await store.line_counts("a", "t", attempt=1, after=4) == [5, 6, 7, 8]
    await store.append_logs([chunks[3]])
    assert await store.line_counts("a", "t", attempt=1) == list(range(1, 9))
    assert await store.line_counts("a", "t", attempt=1, after=2, limit=3) == [3, 4, 5]
    assert await store.line_counts("a", "t", attempt=1, after=8) == []
    for key in (("a", "t", 2), ("a", "u", 1), ("b", "t", 1)):
        assert await store.line_counts(key[0], key[1], attempt=key[2]) == []


async def test_lines_that_follow_uncounted_ones_are_counted_themselves(store: Store):
    """A chunk's own lines are known whatever came before."""
    await store.append_logs(_uncounted(_chunks(3, 4)))
    assert await store.line_counts("a", "t", attempt=1) == [3, 4]
