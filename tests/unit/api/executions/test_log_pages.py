"""Pages of output from its end, and from a line on."""

from dataclasses import replace
from typing import Any

import pytest

from runcast_core.model.executions import LogChunk
from runcast_core.store.log_store import PAGE_BYTES
from tests.parts.api import Installation, serving

LOGS = "/api/executions/t1/logs"
LINES = (3, 1, 2, 5, 1)
"""Of five chunks: their first lines are 1, 4, 5, 7 and 12."""


def _chunks(*line_counts: int, first_line: int = 1, first_seq: int = 1) -> list[LogChunk]:
    chunks = []
    for seq, lines in enumerate(line_counts, first_seq):
        text = "\n".join(f"line {number}" for number in range(first_line, first_line + lines))
        chunks.append(LogChunk("org_a", "t1", 0, seq, text, 1, first_line=first_line))
        first_line += lines
    return chunks


async def _stored(api: Installation, chunks: list[LogChunk]) -> None:
    await api.requested()
    await api.store.append_logs(chunks)


async def _page(api: Installation, query: str) -> dict[str, Any]:
    answer = await api.call("GET", f"{LOGS}?{query}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def _shown(page: dict[str, Any]) -> tuple[list[int], int, bool, int, bool]:
    seqs = [chunk["seq"] for chunk in page["chunks"]]
    return seqs, page["after"], page["more"], page["before"], page["moreBefore"]


async def _refused(api: Installation, query: str) -> str:
    answer = await api.call("GET", f"{LOGS}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_QUERY"), query
    return str(answer.json()["error"])


async def test_the_last_page_is_one_call_and_those_before_follow(tmp_path):
    """`before` without a value is the end; each page's `before` leads to the one before it, down to the first."""
    async with serving(tmp_path) as api:
        await _stored(api, _chunks(*LINES))
        pages = [await _page(api, "limit=2&before")]
        assert await _page(api, "limit=2&before=") == pages[0]
        while pages[-1]["moreBefore"]:
            pages.append(await _page(api, f"limit=2&before={pages[-1]['before']}"))
        onward = await _page(api, f"after={pages[-1]['after']}")
    assert list(map(_shown, pages)) == [
        ([4, 5], 5, False, 4, True),
        ([2, 3], 3, True, 2, True),
        ([1], 1, True, 1, False),
    ]
    assert _shown(onward) == ([2, 3, 4, 5], 5, False, 2, True)
    assert [chunk["firstLine"] for page in pages for chunk in page["chunks"]] == [7, 12, 4, 5, 1]


async def test_a_page_from_the_end_of_long_chunks_ends_before_its_limit(tmp_path):
    """Its bytes are bounded as those of any."""
    async with serving(tmp_path) as api:
        await _stored(api, [LogChunk("org_a", "t1", 0, seq, "x" * (PAGE_BYTES // 2), 1) for seq in range(1, 6)])
        last = await _page(api, "before=")
        earlier = await _page(api, f"before={last['before']}")
    assert (_shown(last), _shown(earlier)) == (([4, 5], 5, False, 4, True), ([2, 3], 3, True, 2, True))


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("before=", ([], 0, False, 1, False)),
        ("before=1", ([], 0, False, 1, False)),
        ("before=9", ([], 8, False, 9, False)),
        ("line=1", ([], 0, False, 1, False)),
        ("line=7", ([], 0, False, 1, False)),
        ("after=0", ([], 0, False, 1, False)),
        ("after=8", ([], 8, False, 9, True)),
    ],
)
async def test_where_nothing_was_written_pages_are_empty(tmp_path, query, shown):
    """And nobody goes on for ever, whichever way."""
    async with serving(tmp_path) as api:
        await api.requested()
        assert _shown(await _page(api, query)) == shown


async def test_what_is_before_the_first_chunk_is_nothing(tmp_path):
    """And what comes after that is all of it; what is before the future ends with the last chunk."""
    async with serving(tmp_path) as api:
        await _stored(api, _chunks(1, 1))
        assert _shown(await _page(api, "before=1")) == ([], 0, True, 1, False)
        assert _shown(await _page(api, "before=100")) == ([1, 2], 2, False, 1, False)


@pytest.mark.parametrize(
    ("line", "first"), [(1, 1), (3, 1), (4, 2), (5, 3), (6, 3), (7, 4), (11, 4), (12, 5), (13, 4), (2**53, 4)]
)
async def test_a_page_begins_with_the_chunk_of_a_line(tmp_path, line, first):
    """Beyond the end it is the last page."""
    async with serving(tmp_path) as api:
        await _stored(api, _chunks(*LINES))
        page = await _page(api, f"line={line}&limit=2")
    last = min(first + 1, 5)
    assert _shown(page) == (list(range(first, last + 1)), last, last < 5, first, first > 1)
    assert line > 12 or f"line {line}" in page["chunks"][0]["log"].split("\n")


async def test_a_line_that_is_missing_is_asked_for_from_the_chunk_before_it(tmp_path):
    """A store lost it, or it is yet to come: a client sees the gap."""
    async with serving(tmp_path) as api:
        chunks = _chunks(*LINES)
        await _stored(api, [chunks[1], *chunks[3:]])
        seqs = [_shown(await _page(api, f"line={line}"))[0] for line in (1, 4, 5, 7)]
    assert seqs == [[2, 4, 5], [2, 4, 5], [2, 4, 5], [4, 5]]


@pytest.mark.parametrize("line", [1, 4, 9, 2**53])
async def test_a_line_of_output_that_was_not_counted_is_not_guessed(tmp_path, line):
    """It is a 409 that says what to do instead; pages by number are as ever."""
    async with serving(tmp_path) as api:
        await _stored(api, [replace(chunk, first_line=None) for chunk in _chunks(*LINES)])
        answer = await api.call("GET", f"{LOGS}?line={line}")
        assert (answer.status_code, answer.json()["code"]) == (409, "LINES_UNKNOWN")
        assert "`after`" in answer.json()["error"]
        assert _shown(await _page(api, "before="))[0] == [1, 2, 3, 4, 5]


async def test_lines_are_found_where_they_were_counted(tmp_path):
    """An earlier version's runner began, or went on with, the output of another that counts."""
    async with serving(tmp_path) as api:
        chunks = _chunks(*LINES)
        chunks[0], chunks[4] = replace(chunks[0], first_line=None), replace(chunks[4], first_line=None)
        await _stored(api, chunks)
        assert [_shown(await _page(api, f"line={line}&limit=1"))[0] for line in (4, 11)] == [[2], [4]]
        for line in (3, 12):
            assert (await api.call("GET", f"{LOGS}?line={line}")).json()["code"] == "LINES_UNKNOWN"


@pytest.mark.parametrize("query", ["after=1&before=3", "after=0&line=1", "before=&line=2", "line=1&before=2&after=3"])
async def test_a_page_is_at_one_place(tmp_path, query):
    """`after`, `before` and `line` exclude each other."""
    async with serving(tmp_path) as api:
        await api.requested()
        assert "exclude each other" in await _refused(api, query)


@pytest.mark.parametrize("place", ["before=", "before=2", "line=1"])
@pytest.mark.parametrize("whole", ["q=x", "format=text", "q=x&format=text"])
async def test_what_goes_through_all_of_it_begins_after_a_chunk(tmp_path, place, whole):
    """Searches and downloads know no other place."""
    async with serving(tmp_path) as api:
        await api.requested()
        assert place.split("=")[0] in await _refused(api, f"{place}&{whole}")


@pytest.mark.parametrize("query", ["before=0", "before=-1", "before=x", "line=", "line=0", "line=1.5", "line=-2"])
async def test_a_bad_place_is_refused(tmp_path, query):
    """With the parameter's name."""
    async with serving(tmp_path) as api:
        await api.requested()
        assert query.split("=")[0] in await _refused(api, query)
