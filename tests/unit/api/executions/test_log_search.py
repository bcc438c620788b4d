"""`GET …/logs?q=`: lines that contain a text."""

import pytest

from runcast_api.executions import log_search
from runcast_core.model.executions import LogChunk
from runcast_core.store.log_store import PAGE_BYTES
from tests.parts.api import Installation, serving

LOGS = "/api/executions/t1/logs"


async def _stored(api: Installation, *texts: str, org: str = "org_a", attempt: int = 0) -> None:
    """Request the execution, and store one chunk of its output for each text."""
    await api.requested(org=org)
    await api.store.append_logs([LogChunk(org, "t1", attempt, seq, text, 1) for seq, text in enumerate(texts, 1)])


async def _found(api: Installation, q: str, **query: str | int) -> dict:
    answer = await api.call("GET", LOGS, params={"q": q, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_lines_are_found_whatever_their_case(tmp_path):
    """Each with its chunk's number and its own; what goes over the end of a line is no match."""
    async with serving(tmp_path) as api:
        await _stored(api, "all good\nERROR: one\nnone", "fine", "an error\nStraße\nİstanbul error")
        found = await _found(api, "Error")
        folded = [match["text"] for match in (await _found(api, "STRASSE"))["matches"]]
        nothing = await _found(api, "goodERROR")
    assert found["matches"] == [
        {"seq": 1, "line": 1, "text": "ERROR: one", "ranges": [[0, 5]]},
        {"seq": 3, "line": 0, "text": "an error", "ranges": [[3, 8]]},
        {"seq": 3, "line": 2, "text": "İstanbul error", "ranges": [[9, 14]]},
    ]
    assert (found["after"], found["more"], found["attempt"], found["status"]) == (3, False, 0, "PENDING")
    assert folded == ["Straße"]
    assert (nothing["matches"], nothing["after"], nothing["more"]) == ([], 3, False)


async def test_colours_are_not_in_the_way(tmp_path):
    """The line is found as it is seen, and told as it is stored; also where the searched text was copied with them."""
    line = "hello \x1b[1;31mred\x1b[0m world, \x1b]8;;http://red\x07red\x1b]8;;\x07 and \x1b[38:2::1:2:3mred"
    async with serving(tmp_path) as api:
        await _stored(api, f"31m\n{line}", "\x1b[31", "m red")
        for q in ("hello RED world", "hello \x1b[32mred\x1b[m world"):
            assert (await _found(api, q))["matches"] == [{"seq": 1, "line": 1, "text": line, "ranges": [[0, 15]]}]
        several = (await _found(api, "red"))["matches"]
        assert [(match["seq"], match["ranges"]) for match in several] == [
            (1, [[6, 9], [17, 20], [25, 28]]),
            (3, [[2, 5]]),
        ]
        assert [match["text"] for match in (await _found(api, "31m"))["matches"]] == ["31m"]
        download = await api.call("GET", LOGS, params={"q": "hello red", "format": "text"})
        assert download.text == f"{line}\n"


async def test_lines_found_have_their_numbers(tmp_path):
    """From 1 within the attempt; none where lines before were not counted."""
    async with serving(tmp_path) as api:
        await api.requested()
        chunks = [LogChunk("org_a", "t1", 1, seq, "x\nneedle\nneedle", 1, first_line=3 * seq - 2) for seq in (1, 2)]
        await api.store.append_logs([*chunks, LogChunk("org_a", "t1", 1, 3, "needle", 1)])
        found = (await _found(api, "needle", attempt=1))["matches"]
    assert [match.get("lineNumber") for match in found] == [2, 3, 5, 6, None]
    assert "lineNumber" not in found[-1]


async def test_ranges_are_bounded(tmp_path, monkeypatch):
    """So many of a line, and of all lines of a page; a line without any is found all the same."""
    monkeypatch.setattr(log_search, "PAGE_RANGES", 250)
    async with serving(tmp_path) as api:
        await _stored(api, "\n".join(["a" * 300] * 4))
        found = (await _found(api, "A"))["matches"]
    assert [len(match.get("ranges", [])) for match in found] == [100, 100, 50, 0]
    assert found[2]["ranges"][-1] == [49, 50]


async def test_characters_of_patterns_mean_themselves(tmp_path):
    """It is a text that is looked for, not a pattern."""
    async with serving(tmp_path) as api:
        await _stored(api, "a.c\nabc\n100%\n[x]\n a b ")
        for q in (".", "%", "[x]", " b "):
            assert len((await _found(api, q))["matches"]) == 1


async def test_pages_of_matches_follow_each_other(tmp_path):
    """A page ends with the chunk that brings it to `limit` lines; none is lost or repeated between pages."""
    async with serving(tmp_path) as api:
        await _stored(api, *(f"x {n}\nx {n}b\ny" for n in range(7)))
        lines, after, more, pages = [], 0, True, 0
        while more:
            page = await _found(api, "X", limit=3, after=after)
            assert len(page["matches"]) <= 4
            lines += [match["text"] for match in page["matches"]]
            after, more, pages = page["after"], page["more"], pages + 1
    assert lines == [text for n in range(7) for text in (f"x {n}", f"x {n}b")]
    assert pages == 4


async def test_a_call_searches_a_bounded_part(tmp_path, monkeypatch):
    """So many steps of so many chunks or bytes, found or not; `more` says that the rest is yet to be searched."""
    monkeypatch.setattr(log_search, "CHUNKS", 1)
    monkeypatch.setattr(log_search, "STEPS", 3)
    async with serving(tmp_path) as api:
        await _stored(api, *["hay"] * 7, "needle")
        pages = [await _found(api, "needle", after=after) for after in (0, 3, 6)]
        monkeypatch.setattr(log_search, "CHUNKS", 1000)
        chunks = [LogChunk("org_a", "t1", 1, seq, "x" * PAGE_BYTES, 1) for seq in range(1, 4)]
        await api.store.append_logs([*chunks, LogChunk("org_a", "t1", 1, 4, "needle", 1)])
        wide = await _found(api, "needle", attempt=1)
    assert [(page["after"], page["more"], len(page["matches"])) for page in pages] == [
        (3, True, 0),
        (6, True, 0),
        (8, False, 1),
    ]
    assert (wide["after"], wide["more"], wide["matches"]) == (3, True, [])


async def test_a_page_of_long_lines_ends_before_its_limit(tmp_path):
    """What is found is bounded in bytes too, and the rest follows."""
    line = "\U0001f600" * 4000
    async with serving(tmp_path) as api:
        await _stored(api, *[line] * 40)
        first = await _found(api, "\U0001f600")
        rest = await _found(api, "\U0001f600", after=first["after"])
    assert (len(first["matches"]), first["after"], first["more"]) == (17, 17, True)
    assert [match["seq"] for match in rest["matches"]] == list(range(18, 35))


async def test_a_call_searches_several_pages_of_output(tmp_path):
    """So that a client that looks for one line in much output need not ask often."""
    async with serving(tmp_path) as api:
        await _stored(api, *["x" * PAGE_BYTES] * 10, "needle")
        found = await _found(api, "needle")
    assert ([match["seq"] for match in found["matches"]], found["after"], found["more"]) == ([11], 11, False)


async def test_the_download_has_the_lines_found_only(tmp_path, monkeypatch):
    """`format=text` streams them, step by step, to the end; no part of the output is read twice."""
    monkeypatch.setattr(log_search, "CHUNKS", 2)
    steps: list[int] = []
    async with serving(tmp_path) as api:
        await _stored(api, "Error a\nerror\nerror", "fine", "fine", "fine", "fine", "an ERROR", "error b")
        read = api.store.read_logs

        async def reading(*key: str, attempt: int, after: int, limit: int) -> list[LogChunk]:
            steps.append(after)
            return await read(*key, attempt=attempt, after=after, limit=limit)

        monkeypatch.setattr(api.store, "read_logs", reading)
        answer = await api.call("GET", f"{LOGS}?format=text&q=error")
        assert steps == [0, 2, 4, 6, 7]
        tail = await api.call("GET", f"{LOGS}?format=text&q=error&after=6")
        nothing = await api.call("GET", f"{LOGS}?format=text&q=zzz")
    assert (answer.text, tail.text, nothing.text) == ("Error a\nerror\nerror\nan ERROR\nerror b\n", "error b\n", "")
    assert answer.headers["content-disposition"] == 'attachment; filename="t1.log"'


@pytest.mark.parametrize("format_", ["json", "text"])
@pytest.mark.parametrize("q", ["", "x" * 257, "a\nb", "\x1b[31m"])
async def test_a_bad_search_is_refused(tmp_path, q, format_):
    """Nothing, too much, several lines and what nobody sees are a 400 that names the parameter."""
    async with serving(tmp_path) as api:
        await api.requested()
        answer = await api.call("GET", LOGS, params={"q": q, "format": format_})
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_QUERY")
    assert answer.json()["error"].startswith("q must be")


@pytest.mark.parametrize("format_", ["json", "text"])
async def test_another_organization_finds_nothing(tmp_path, format_):
    """Its own execution of the same name is searched, else it is 404, as if there were none."""
    async with serving(tmp_path) as api:
        await _stored(api, "needle of a")
        strange = await api.call("GET", f"{LOGS}?q=needle&format={format_}", org="org_b")
        await _stored(api, "needle of b", org="org_b")
        own = await api.call("GET", f"{LOGS}?q=needle&format={format_}", org="org_b")
    assert strange.status_code == 404
    assert "needle of b" in own.text
    assert "needle of a" not in own.text
