"""What is read is compressed for whoever asks; what holds a credential is not, and nothing waits for more to come."""

import zlib

import anyio
import msgspec
import pytest
from starlette.types import Message, Receive, Scope, Send

from runcast_api.documentation.call import Access
from runcast_api.documentation.calls import CALLS
from runcast_api.documentation.schemas import shapes
from runcast_api.executions import logs as logs_module
from runcast_api.http.compression import MINIMUM, Compression
from tests.parts.api import ACCOUNT, Installation, serving
from tests.parts.page import Page

GZIP = {"Accept-Encoding": "gzip"}
LOGS = "/api/executions/t1/logs"
LINE = "ok \x1b[32m✓\x1b[0m test_something in 0.3 s\n" * 100


async def _with_output(api: Installation, chunks: int) -> None:
    await api.requested()
    for seq in range(1, chunks + 1):
        await api.store.append_external_log("org_a", "t1", f"{seq} {LINE}", seq)


@pytest.mark.parametrize("query", ["", "?q=ok", "?format=text", "?format=text&q=ok"])
async def test_output_is_compressed_for_whoever_asks(tmp_path, monkeypatch, query):
    """Pages, matches and downloads in several steps: the same bytes, several times fewer of them."""
    monkeypatch.setattr(logs_module, "PAGE", 3)
    async with serving(tmp_path) as api:
        await _with_output(api, 10)
        api.http.headers["Accept-Encoding"] = "identity"
        plain = await api.call("GET", LOGS + query)
        api.http.headers |= GZIP
        compressed = await api.call("GET", LOGS + query)
        head = await api.call("HEAD", LOGS + query)
    assert compressed.content == plain.content
    assert "content-encoding" not in plain.headers
    assert compressed.headers["content-encoding"] == "gzip"
    assert "content-length" not in compressed.headers
    assert compressed.num_bytes_downloaded < len(plain.content) / 4
    assert all(each.headers["vary"].count("Accept-Encoding") == 1 for each in (plain, compressed, head))
    assert compressed.headers["content-type"] == plain.headers["content-type"]


@pytest.mark.parametrize("refused", ["gzip;q=0", "br", "identity, gzip;q=0.5", "*;q=0"])
async def test_who_does_not_want_it_is_not_sent_it(tmp_path, refused):
    """Also who names it, to say so."""
    async with serving(tmp_path) as api:
        await _with_output(api, 3)
        api.http.headers["Accept-Encoding"] = refused
        answer = await api.call("GET", LOGS)
    assert "content-encoding" not in answer.headers
    assert int(answer.headers["content-length"]) == len(answer.content) > MINIMUM


async def test_what_is_small_is_sent_as_it_is(tmp_path):
    """A page of few lines, an execution, an error: their size is told, and they differ for nobody."""
    async with serving(tmp_path) as api:
        await api.requested()
        await api.store.append_external_log("org_a", "t1", "one line", 1)
        api.http.headers |= GZIP
        for path in (LOGS, "/api/executions/t1", "/api/executions", "/api/executions/none", "/api/config"):
            answer = await api.call("GET", path)
            assert "content-encoding" not in answer.headers, path
            assert int(answer.headers["content-length"]) == len(answer.content) < MINIMUM, path
            assert answer.headers["vary"].count("Accept-Encoding") == 1


async def test_lists_and_documents_are_compressed(tmp_path):
    """Whatever every role may read, and the documentation."""
    async with serving(tmp_path) as api:
        for number in range(10):
            await api.requested(f"t{number}")
        api.http.headers |= GZIP
        for path in ("/api/executions", "/openapi.json", "/docs"):
            answer = await api.call("GET", path)
            assert answer.headers["content-encoding"] == "gzip", path
            assert int(answer.headers["content-length"]) == answer.num_bytes_downloaded < len(answer.content) / 3


async def test_no_answer_with_a_credential_is_compressed(tmp_path):
    """However long what the caller chose makes it: its size would tell of the secret beside it."""
    long = {"name": "😀" * 200, "organizationName": "😀" * 200}
    async with serving(tmp_path) as api:
        api.http.headers |= GZIP
        answers = [await api.http.post("/api/auth/signup", json=ACCOUNT | long)]
        api.http.headers["Authorization"] = f"Bearer {answers[0].json()['token']}"
        page = Page(api.http)
        answers += [await page.log_in(email=ACCOUNT["email"], password=ACCOUNT["password"]), await page.refresh()]
        images = [f"{'x' * 500}{number}" for number in range(5)]
        key = {"name": "😀" * 100, "kind": "api-key", "role": "viewer", "images": images}
        answers += [await api.http.post("/api/keys", json=key), await api.http.get("/api/keys")]
    for answer in answers:
        assert answer.status_code in {200, 201}
        assert len(answer.content) > MINIMUM
        assert "content-encoding" not in answer.headers


def test_no_call_that_is_compressed_answers_with_a_credential():
    """Nor is one for people alone, who see whose credentials there are."""
    compressed = [call for call in CALLS if call.compressible]
    assert len(compressed) >= 6
    for call in compressed:
        for shape in shapes(call.answer):
            assert not {"token", "secret", "path"} & {field.name for field in msgspec.structs.fields(shape)}
    managed = {Access.MANAGER, Access.OWNER, Access.PAGE, Access.ADMIN}
    assert not [call for call in compressed if call.access in managed or call.method != "GET"]


async def test_each_step_can_be_read_before_the_next_is_made():
    """What was sent so far is whole: the next step waits here until the client has read this one."""
    steps = [b"first " * 400, b"", b"second " * 400]
    seen: list[bytes] = []
    read = anyio.Event()

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for number, step in enumerate(steps):
            assert b"".join(seen) == b"".join(steps[:number])
            await send({"type": "http.response.body", "body": step, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    unpacked = zlib.decompressobj(16 + zlib.MAX_WBITS)

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            seen.append(unpacked.decompress(message["body"]))
            if not message["more_body"]:
                read.set()

    async def receive() -> Message:
        raise AssertionError

    scope = {"type": "http", "method": "GET", "headers": [(b"accept-encoding", b"gzip")]}
    await Compression(app)(scope, receive, send)
    assert read.is_set()
    assert unpacked.eof
    assert b"".join(seen) == b"".join(steps)
