"""The page where no call is: its files, its index for browsers, and nothing of it for programs."""

import gzip
import shutil
from pathlib import Path

import httpx2
import pytest

from runcast_api.page import files
from tests.parts.api import bearer, serving
from tests.parts.built_page import FILES, INDEX, SCRIPT, build

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"}
SCRIPT_PATH = "/assets/index-B1a2C3d4.js"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self'; font-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.fixture
def static(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = build(tmp_path / "static")
    (tmp_path / "beside.txt").write_text("beside the page")
    (folder / "link.txt").symlink_to(tmp_path / "beside.txt")
    monkeypatch.setattr(files, "STATIC", folder)
    return folder


def _told(answer: httpx2.Response) -> dict[str, str]:
    return {name: answer.headers[name] for name in HEADERS}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/index.html",
        "/login?next=%2Fexecutions",
        "/executions",
        "/executions/new?image=alpine",
        "/executions/nightly.1",
        "/executions/t1/compare?attempts=1,2",
        "/images/docker.io%2Flibrary%2Falpine:3",
        "/settings/keys",
        "/people/",
        "/apiary",
        "/docsify",
        "/invitation",
        "/%00/..%2f..%2fetc/passwd",
        "/a/%2e%2e/%2e%2e/etc/passwd",
        "//evil.example/",
        "/.vite/manifest.json",
        "/link.txt",
    ],
)
@pytest.mark.usefixtures("static")
async def test_a_browser_is_given_the_index_wherever_no_call_is(tmp_path, path):
    """With the headers of the page; it is asked for again each time, and answered 304 while it is the same."""
    async with serving(tmp_path) as api:
        answer = await api.http.get(path, headers=BROWSER)
        again = await api.http.get(path, headers=BROWSER | {"If-None-Match": answer.headers["etag"]})
        head = await api.http.head(path, headers=BROWSER)
    assert (answer.status_code, answer.text) == (200, INDEX)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert _told(answer) == _told(again) == HEADERS
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == answer.headers["content-length"]


@pytest.mark.parametrize(
    ("path", "media_type", "cache_control"),
    [
        (SCRIPT_PATH, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/assets/index-E5f6G7h8.css", "text/css; charset=utf-8", "public, max-age=31536000, immutable"),
        ("/favicon.svg", "image/svg+xml", "no-cache"),
        ("/data.unheard-of", "application/octet-stream", "no-cache"),
        ("/alone.gz", "application/octet-stream", "no-cache"),
    ],
)
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
@pytest.mark.usefixtures("static")
async def test_a_file_is_served_as_what_it_is(tmp_path, path, media_type, cache_control, accept):
    """Whatever is accepted; names with a hash are kept for good."""
    async with serving(tmp_path) as api:
        answer = await api.http.get(path, headers={"Accept": accept, "Accept-Encoding": "identity"})
    assert (answer.status_code, answer.content) == (200, FILES[path[1:]])
    assert answer.headers["content-type"] == media_type
    assert answer.headers["cache-control"] == cache_control
    assert "content-encoding" not in answer.headers
    assert _told(answer) == HEADERS


@pytest.mark.parametrize(
    ("accepted", "encoding", "content"),
    [
        ("br, gzip", "br", b"as if by brotli"),
        ("gzip, deflate", "gzip", gzip.compress(SCRIPT.encode(), mtime=0)),
        ("br;q=0.1, gzip;q=0.2", "gzip", gzip.compress(SCRIPT.encode(), mtime=0)),
        ("br;q=0, gzip;q=0", None, SCRIPT.encode()),
        ("zstd", None, SCRIPT.encode()),
    ],
)
@pytest.mark.usefixtures("static")
async def test_the_encoding_is_the_one_that_is_liked_best(tmp_path, accepted, encoding, content):
    """Each with an ETag of its own, and a cache is told what it depends on."""
    async with serving(tmp_path) as api:
        async with api.http.stream("GET", SCRIPT_PATH, headers={"Accept-Encoding": accepted}) as answer:
            raw = b"".join([part async for part in answer.aiter_raw()])
        plain = await api.http.get(SCRIPT_PATH, headers={"Accept-Encoding": "identity"})
        tags = [("If-None-Match", '"one", "other"'), ("If-None-Match", f"W/{answer.headers['etag']}")]
        listed = [("Accept-Encoding", accepted), *tags]
        again = await api.http.get(SCRIPT_PATH, headers=listed)
    assert raw[:4] == content[:4]
    assert len(raw) == int(answer.headers["content-length"])
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert "Accept-Encoding" in answer.headers["vary"]
    assert (answer.headers["etag"] == plain.headers["etag"]) is (encoding is None)
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "/assets",
        "/assets/",
        "/assets/missing-B1a2C3d4.js",
        "/assets/.hidden.js",
        "/assets/%2e%2e/index.html",
        "/assets/index-B1a2C3d4.js.gz",
        "/api",
        "/api/",
        "/api/nothing",
        "/docs/nothing",
        "/socket.io/",
        "/reports/x/index.html",
        "/livez/x",
        "/metrics/x",
        "/executions/update/x",
    ],
)
@pytest.mark.usefixtures("static")
async def test_what_is_for_programs_is_never_the_page(tmp_path, path):
    """What is not there is a 404 in JSON, also for a browser."""
    async with serving(tmp_path) as api:
        answer = await api.http.get(path, headers=BROWSER)
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.usefixtures("static")
async def test_calls_are_answered_as_ever(tmp_path):
    """Whatever a browser accepts: errors in JSON, other methods refused, documents and probes where they were."""
    async with serving(tmp_path) as api:
        for method, path, status in (
            ("GET", "/api/executions", 401),
            ("PUT", "/api/executions", 405),
            ("GET", "/executions/update", 405),
            ("GET", "/executions/log", 405),
            ("POST", "/executions/update", 403),
            ("POST", "/", 404),
            ("DELETE", "/login", 404),
        ):
            answer = await api.http.request(method, path, headers=BROWSER)
            assert (answer.status_code, "code" in answer.json()) == (status, True), path
        assert (await api.http.get("/openapi.json", headers=BROWSER)).json()["openapi"]
        assert "Runcast API" in (await api.http.get("/docs", headers=BROWSER)).text
        assert (await api.http.get("/livez", headers=BROWSER)).text == "ok\n"
        assert (await api.http.get("/api/executions/", headers=bearer())).status_code == 307


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html;q=0, */*"])
@pytest.mark.usefixtures("static")
async def test_whoever_does_not_ask_for_html_is_given_none(tmp_path, accept):
    """But for the page's own address, which is nothing else's."""
    async with serving(tmp_path) as api:
        unknown = await api.http.get("/executions/nightly", headers={"Accept": accept})
        root = await api.http.get("/", headers={"Accept": accept})
    assert (unknown.status_code, unknown.json()) == (404, {"error": "Not Found", "code": "NOT_FOUND"})
    assert root.text == INDEX


async def test_nothing_is_looked_for_when_it_is_asked_for(tmp_path, static):
    """What was there at the start is served, whatever becomes of the folder."""
    async with serving(tmp_path) as api:
        shutil.rmtree(static)
        assert (await api.http.get("/")).text == INDEX
        assert (await api.http.get(SCRIPT_PATH)).text == SCRIPT
        (static / "assets").mkdir(parents=True)
        (static / "assets/later.js").touch()
        assert (await api.http.get("/assets/later.js")).status_code == 404


async def test_without_a_built_page_it_says_what_to_install(tmp_path, monkeypatch):
    """In plain HTML, which the page's own policy allows; a half-built one is none."""
    monkeypatch.setattr(files, "STATIC", build(tmp_path / "static"))
    (tmp_path / "static/index.html").unlink()
    for folder in (tmp_path / "static", tmp_path / "none"):
        monkeypatch.setattr(files, "STATIC", folder)
        async with serving(tmp_path) as api:
            for path in ("/", "/executions/t1"):
                answer = await api.http.get(path, headers=BROWSER)
                assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
                assert all(word in answer.text for word in ("npm", "Node 20.19", "make up", 'href="/docs"'))
                assert not any(word in answer.text for word in ("<script", "<style", "style=", "http:"))
                assert _told(answer) == HEADERS
            assert (await api.http.get(SCRIPT_PATH, headers=BROWSER)).status_code == 404


@pytest.mark.usefixtures("static")
async def test_gateways_elsewhere_may_be_spoken_to(tmp_path):
    """And the page is told of the first; on its own origin it needs to be told nothing."""
    async with serving(tmp_path) as api:
        assert "gatewayUrl" not in (await api.http.get("/api/config")).json()
    origins = "https://Live.example, http://10.0.0.1:3001"
    async with serving(tmp_path, RUNCAST_GATEWAY_ORIGIN=origins) as api:
        policy = (await api.http.get("/")).headers["content-security-policy"]
        assert (await api.http.get("/api/config")).json()["gatewayUrl"] == "https://live.example"
    gateways = "https://live.example wss://live.example http://10.0.0.1:3001 ws://10.0.0.1:3001"
    assert policy == POLICY.replace("connect-src 'self'", f"connect-src 'self' {gateways}")
