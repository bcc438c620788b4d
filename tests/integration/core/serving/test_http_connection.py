"""What a client may make a server wait for, over real sockets; red where an upgrade of uvicorn breaks it."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from runcast_core.serving import http_connection as module
from runcast_core.serving.http_connection import MAX_HEAD_BYTES, http_options
from runcast_core.serving.start import Server, listen
from tests.parts.conditions import until

HEAD_S = 0.3
SERVERS: list[Server] = []
LARGE = 30_000_000
"""More than the kernel takes for who does not read."""


@pytest.fixture(params=["asyncio", "uvloop"], scope="module")
def anyio_backend(request: pytest.FixtureRequest):
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


async def _answer(request: Request) -> Response:
    if request.method == "POST" and request.url.path != "/early":
        return PlainTextResponse(str(len(await request.body())))
    size = int(request.query_params.get("size", "1"))
    return StreamingResponse(_parts(size)) if request.url.path == "/parts" else PlainTextResponse("x" * size)


async def _parts(size: int) -> AsyncIterator[str]:
    for _ in range(0, size, 10_000):
        yield "x" * 10_000


@asynccontextmanager
async def _serving(head_s: float = HEAD_S, keep_alive_s: int = 5) -> AsyncIterator[int]:
    app = Starlette(routes=[Route(path, _answer, methods=["GET", "POST"]) for path in ("/", "/early", "/parts")])
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=1,
        timeout_keep_alive=keep_alive_s,
        **http_options(head_s),
    )
    with listen("127.0.0.1", 0, otherwise="") as listener:
        server = Server(config)
        SERVERS.append(server)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            await server.serving.wait()
            yield listener.getsockname()[1]
            server.stop()


async def _ended(stream: anyio.abc.SocketStream) -> bytes:
    """Read to the end; return what came."""
    received = b""
    with anyio.fail_after(5):
        try:
            async for data in stream:
                received += data
        except anyio.BrokenResourceError:
            pass
    return received


@pytest.mark.parametrize(
    "said", [b"", b"\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nA: "], ids=["nothing", "no head", "half"]
)
async def test_who_makes_no_request_is_closed(said: bytes):
    """Whether a connection is silent or stops in the middle of a head."""
    async with _serving() as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        if said:
            await stream.send(said)
        assert await _ended(stream) == b""


async def test_who_trickles_a_head_is_closed():
    """A byte now and then does not prolong the time."""
    async with _serving() as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(b"GET / HTTP/1.1\r\nHost: ")
        with pytest.raises((anyio.BrokenResourceError, anyio.EndOfStream)):
            await _trickle(stream)


async def _trickle(stream: anyio.abc.SocketStream) -> None:
    with anyio.fail_after(5):
        while True:
            await stream.send(b"x")
            with anyio.move_on_after(HEAD_S / 10):
                await stream.receive()


async def test_a_head_has_so_many_bytes():
    """However fast they come."""
    async with _serving(head_s=60) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"a" * (MAX_HEAD_BYTES + 1))
        assert await _ended(stream) == b""


async def test_who_asks_nothing_more_is_closed():
    """In uvicorn's own time, once the answer was read."""
    async with _serving(keep_alive_s=0) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await _ended(stream)).endswith(b"x")


async def test_requests_one_after_another_have_their_own_time():
    """On one connection, with bodies larger than a head may be."""
    async with _serving() as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        for _ in range(3):
            assert (await http.post("/", content=b"x" * 200_000)).text == "200000"
            assert (await http.get("/")).text == "x"


async def test_a_body_that_comes_after_its_answer_is_no_head():
    """As when it was refused unread; the connection goes on."""
    async with _serving() as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n")
        assert b"200 OK" in await stream.receive()
        await stream.send(b"x" * 200_000 + b"GET /missing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert b"404 Not Found" in await _ended(stream)


async def test_an_answer_may_take_longer_than_a_head(monkeypatch: pytest.MonkeyPatch):
    """As one that is read slowly, while it is read at all."""
    monkeypatch.setattr(module, "UNREAD_S", HEAD_S)
    async with _serving() as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(f"GET /?size={LARGE} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert len(await _ended(stream)) > LARGE


@pytest.mark.parametrize("path", ["/", "/parts"])
@pytest.mark.parametrize("size", [200_000, LARGE])
@pytest.mark.parametrize("header", ["", "Connection: close\r\n"])
async def test_who_does_not_read_its_answer_is_closed(
    monkeypatch: pytest.MonkeyPatch, path: str, size: int, header: str
):
    """Whether the server has written all it can, or still waits to write more; also where little is left to write, and
    where the connection would end then."""
    monkeypatch.setattr(module, "UNREAD_S", HEAD_S)
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        async with _serving(keep_alive_s=1) as port:
            client.connect(("127.0.0.1", port))
            client.sendall(f"GET {path}?size={size} HTTP/1.1\r\nHost: x\r\n{header}\r\n".encode())
            await _until_connections(1)
            await _until_connections(0)


async def test_who_reads_late_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    """uvicorn's wait for another request, which begins when the answer is in the buffer, ends no unread answer."""
    looked = anyio.Event()

    class Told(module.HttpConnection):
        def timeout_keep_alive_handler(self, *unread: int) -> None:
            super().timeout_keep_alive_handler(*unread)
            looked.set()

    monkeypatch.setattr(module, "HttpConnection", Told)
    with socket.socket() as client:
        async with _serving(keep_alive_s=0) as port:
            client.connect(("127.0.0.1", port))
            client.sendall(f"GET /?size={LARGE} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            await looked.wait()
            assert await anyio.to_thread.run_sync(_received, client, LARGE) > LARGE


def _received(client: socket.socket, size: int) -> int:
    """Read until there is more than so much, with the head, or the end; return how much there was."""
    client.settimeout(5)
    received = 0
    while received <= size and (data := client.recv(1_000_000)):
        received += len(data)
    return received


async def _until_connections(count: int) -> None:
    await until(lambda: len(SERVERS[-1].server_state.connections) == count)
