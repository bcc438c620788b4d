"""Output over HTTP, as pages and as a download."""

import pytest

from runcast_api.executions import logs as logs_module
from runcast_core.model.errors import StoreUnavailable
from runcast_core.model.executions import LogChunk
from tests.parts.api import Installation, serving


async def stored(api: Installation, count: int, *, attempt: int = 1) -> None:
    """Request an execution, claim it, and store chunks of an attempt."""
    await api.requested()
    await api.store.claim("org_a", runner_id="r", lease_ms=60_000, limit=1)
    await append(api, count, attempt=attempt)


async def append(api: Installation, count: int, *, attempt: int) -> None:
    chunks = [
        LogChunk("org_a", "t1", attempt, seq, f"line {seq}\nof {attempt}", 1000 + seq) for seq in range(1, count + 1)
    ]
    await api.store.append_logs(chunks)


async def test_pages_of_output_follow_each_other(tmp_path):
    """`after` and `limit` page through the newest attempt in order; `more` says whether to ask again."""
    async with serving(tmp_path) as api:
        await stored(api, 5)
        first = (await api.call("GET", "/api/executions/t1/logs?limit=3")).json()
        rest = (await api.call("GET", f"/api/executions/t1/logs?limit=3&after={first['after']}")).json()
        end = (await api.call("GET", f"/api/executions/t1/logs?after={rest['after']}")).json()
    assert [chunk["seq"] for chunk in first["chunks"] + rest["chunks"]] == [1, 2, 3, 4, 5]
    assert first["chunks"][0] == {"taskId": "t1", "log": "line 1\nof 1", "seq": 1, "attempt": 1, "ts": 1001}
    assert (first["more"], rest["more"], first["attempt"], first["status"]) == (True, False, 1, "RUNNING")
    assert (end["chunks"], end["after"], end["more"]) == ([], 5, False)


@pytest.mark.parametrize("character", ["xxxx", "éé", "\U0001f600"])
async def test_a_page_of_long_chunks_ends_before_its_limit(tmp_path, character):
    """Its bytes are bounded too: `more` says that the rest is yet to come, and the last page that it is not."""
    async with serving(tmp_path) as api:
        await api.requested()
        for seq in range(1, 7):
            await api.store.append_external_log("org_a", "t1", character * 60_000, seq)
        first = (await api.call("GET", "/api/executions/t1/logs")).json()
        rest = (await api.call("GET", f"/api/executions/t1/logs?after={first['after']}")).json()
        download = await api.call("GET", "/api/executions/t1/logs?format=text")
    assert ([chunk["seq"] for chunk in first["chunks"]], first["after"], first["more"]) == ([1, 2], 2, True)
    assert ([chunk["seq"] for chunk in rest["chunks"]], rest["after"], rest["more"]) == ([3, 4], 4, True)
    assert len(download.content) == 6 * 240_001


async def test_a_full_last_page_is_the_last(tmp_path):
    """Where as many chunks are left as `limit` allows, `more` is false."""
    async with serving(tmp_path) as api:
        await stored(api, 4)
        page = (await api.call("GET", "/api/executions/t1/logs?limit=2&after=2")).json()
    assert ([chunk["seq"] for chunk in page["chunks"]], page["more"]) == ([3, 4], False)


async def test_attempts_are_read_apart(tmp_path):
    """`attempt` chooses; without it the newest is read, and one that never was is empty."""
    async with serving(tmp_path) as api:
        await stored(api, 1)
        await append(api, 2, attempt=0)
        for query, count in (("", 1), ("?attempt=1", 1), ("?attempt=0", 2), ("?attempt=7", 0)):
            assert len((await api.call("GET", f"/api/executions/t1/logs{query}")).json()["chunks"]) == count


async def test_the_download_is_all_of_it_as_text(tmp_path, monkeypatch):
    """`format=text` streams every line of an attempt, page by page, as a file for download."""
    monkeypatch.setattr(logs_module, "PAGE", 4)
    async with serving(tmp_path) as api:
        await stored(api, 10)
        answer = await api.call("GET", "/api/executions/t1/logs?format=text")
        tail = await api.call("GET", "/api/executions/t1/logs?format=text&after=9")
    assert answer.text == "".join(f"line {seq}\nof 1\n" for seq in range(1, 11))
    assert tail.text == "line 10\nof 1\n"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="t1.log"'
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_download_reads_no_more_than_a_page_at_a_time(tmp_path, monkeypatch):
    """However long the output, the store is asked for bounded pages."""
    monkeypatch.setattr(logs_module, "PAGE", 3)
    limits: list[int] = []
    async with serving(tmp_path) as api:
        await stored(api, 7)
        read = api.store.read_logs

        async def reading(*key: str, attempt: int, after: int, limit: int) -> list[LogChunk]:
            limits.append(limit)
            return await read(*key, attempt=attempt, after=after, limit=limit)

        monkeypatch.setattr(api.store, "read_logs", reading)
        await api.call("GET", "/api/executions/t1/logs?format=text")
    assert limits == [3, 3, 3, 3]


@pytest.mark.parametrize("query", ["", "?before=", "?q=line", "?format=text", "?format=text&q=line"])
async def test_no_browser_and_no_proxy_keeps_output(tmp_path, query):
    """As with every other answer."""
    async with serving(tmp_path) as api:
        await stored(api, 1)
        answer = await api.call("GET", f"/api/executions/t1/logs{query}")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


async def test_a_store_that_fails_at_once_is_told_by_the_status(tmp_path, monkeypatch):
    """Also where the answer is a download: nothing was sent yet."""
    async with serving(tmp_path) as api:
        await stored(api, 1)

        async def failing(*_: str, **__: int) -> list[LogChunk]:
            raise StoreUnavailable("no answer")

        monkeypatch.setattr(api.store, "read_logs", failing)
        answers = [await api.call("GET", f"/api/executions/t1/logs?format={each}") for each in ("json", "text")]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "STORE_UNAVAILABLE")] * 2


async def test_a_head_reads_no_output(tmp_path, monkeypatch):
    """It says how it would be answered."""
    async with serving(tmp_path) as api:
        await stored(api, 1)
        monkeypatch.setattr(api.store, "read_logs", None)
        answer = await api.call("HEAD", "/api/executions/t1/logs?format=text")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-disposition"] == 'attachment; filename="t1.log"'


async def test_output_of_strange_characters_comes_back_whole(tmp_path):
    """Empty lines, NUL, quotes, emoji and line separators survive both formats."""
    text = 'a\n\n\x00"\u2028</script>\U0001f600'
    async with serving(tmp_path) as api:
        await api.requested()
        await api.store.append_external_log("org_a", "t1", text, 1)
        page = (await api.call("GET", "/api/executions/t1/logs")).json()
        download = await api.call("GET", "/api/executions/t1/logs?format=text")
    assert page["chunks"][0]["log"] == text
    assert download.content.decode() == text + "\n"


@pytest.mark.parametrize(
    "query",
    [
        "after=-1",
        "after=x",
        "after=9007199254740993",
        "attempt=-1",
        "attempt=1e3",
        "limit=0",
        "limit=1001",
        "format=xml",
    ],
)
async def test_a_bad_query_of_output_is_refused(tmp_path, query):
    """Numbers out of bounds and unknown formats are a 400 that names the parameter."""
    async with serving(tmp_path) as api:
        await api.requested()
        answer = await api.call("GET", f"/api/executions/t1/logs?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_QUERY")
    assert query.split("=")[0] in answer.json()["error"]
