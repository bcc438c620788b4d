"""`GET …/logs/index`: how many lines each chunk has."""

import pytest

from runcast_api.executions import log_index
from runcast_core.model.executions import LogChunk
from tests.parts.api import Installation, serving

INDEX = "/api/executions/t1/logs/index"


async def _stored(api: Installation, *line_counts: int, attempt: int = 1, first_seq: int = 1) -> None:
    await api.requested()
    chunks = [LogChunk("org_a", "t1", attempt, seq, "\n" * (n - 1), 1) for seq, n in enumerate(line_counts, first_seq)]
    await api.store.append_logs(chunks)


async def test_the_lines_of_every_chunk_are_told_without_their_text(tmp_path, monkeypatch):
    """In one answer, of the attempt that is named, else of the newest."""
    async with serving(tmp_path) as api:
        await _stored(api, 3, 1, 2)
        monkeypatch.setattr(api.store, "read_logs", None)
        shown = (await api.call("GET", f"{INDEX}?attempt=1")).json()
        rest = (await api.call("GET", f"{INDEX}?attempt=1&after=2")).json()
        newest = (await api.call("GET", INDEX)).json()
    known = {"taskId": "t1", "status": "PENDING", "more": False}
    assert shown == known | {"attempt": 1, "after": 3, "counts": [3, 1, 2]}
    assert rest == known | {"attempt": 1, "after": 3, "counts": [2]}
    assert newest == known | {"attempt": 0, "after": 0, "counts": []}


async def test_a_long_index_comes_in_pages(tmp_path, monkeypatch):
    """`more` says that there are further ones; a full last page has none."""
    monkeypatch.setattr(log_index, "COUNTS", 2)
    async with serving(tmp_path) as api:
        await _stored(api, 1, 2, 3, 4)
        pages = [(await api.call("GET", f"{INDEX}?attempt=1&after={after}")).json() for after in (0, 2, 4)]
    assert [(page["counts"], page["after"], page["more"]) for page in pages] == [
        ([1, 2], 2, True),
        ([3, 4], 4, False),
        ([], 4, False),
    ]


async def test_what_is_not_there_yet_ends_it(tmp_path):
    """What is behind a missing number is not counted as if it were it."""
    async with serving(tmp_path) as api:
        await _stored(api, 1, 2)
        await _stored(api, 4, first_seq=4)
        shown = (await api.call("GET", f"{INDEX}?attempt=1")).json()
    assert (shown["counts"], shown["after"], shown["more"]) == ([1, 2], 2, False)


async def test_chunks_of_an_earlier_version_have_no_count(tmp_path):
    """A client reads these."""
    async with serving(tmp_path) as api:
        await _stored(api, 3, 1)
        await api.store._write(lambda c: c.execute("UPDATE log_chunks SET lines = NULL WHERE seq = 1").close())
        assert (await api.call("GET", f"{INDEX}?attempt=1")).json()["counts"] == [None, 1]


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=", "attempt=-1", "attempt=1.5"])
async def test_a_bad_query_of_an_index_is_refused(tmp_path, query):
    """With the name of what is wrong."""
    async with serving(tmp_path) as api:
        await api.requested()
        answer = await api.call("GET", f"{INDEX}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_QUERY")
    assert query.split("=")[0] in answer.json()["error"]


async def test_another_organizations_index_is_not_found(tmp_path):
    """As if there were none."""
    async with serving(tmp_path) as api:
        await _stored(api, 1)
        assert (await api.call("GET", f"{INDEX}?attempt=1", org="org_b")).status_code == 404
