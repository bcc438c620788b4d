"""What output costs that its clients ask for and do not read, over real sockets."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpx
import pytest
import uvicorn

from runcast_api.executions import output_shares
from runcast_core.model.executions import LogChunk
from runcast_core.serving import http_connection
from runcast_core.serving.http_connection import http_options
from runcast_core.serving.start import Server, listen
from runcast_core.store.log_store import PAGE_BYTES
from tests.parts.api import Installation, bearer, serving
from tests.parts.conditions import until

LOGS = "/api/executions/t1/logs"
QUERIES = ["format=text", "limit=1000", "format=text&q=x", "limit=1000&q=x"]
CLIENTS = 12
CHUNKS = 32
TEXT = "\n".join(["x" * 15_999] * 16)
"""Of a chunk, about a page."""


@dataclass
class Served:
    """An api with output in two organizations, and the bytes that its store was asked for."""

    api: Installation
    server: Server
    read: int = 0

    @property
    def port(self) -> int:
        return int(self.server.servers[0].sockets[0].getsockname()[1])

    @property
    def waiting(self) -> int:
        """How many connections have more to write than they may."""
        return sum(each.flow.write_paused for each in self.server.server_state.connections)

    async def get(self, query: str, org: str) -> httpx.Response:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}") as http:
            return await http.get(f"{LOGS}?{query}", headers=bearer(org))

    @contextmanager
    def unread(self, query: str, count: int) -> Iterator[list[socket.socket]]:
        """Have clients of the first organization that ask, and read nothing."""
        asked = f"GET {LOGS}?{query} HTTP/1.1\r\nHost: x\r\nAuthorization: {bearer()['Authorization']}\r\n\r\n"
        with ExitStack() as stack:
            clients = [stack.enter_context(closing(socket.socket())) for _ in range(count)]
            for client in clients:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", self.port))
                client.sendall(asked.encode())
            yield clients


@asynccontextmanager
async def _served(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Served]:
    async with serving(folder) as api:
        for org in ("org_a", "org_b"):
            await api.requested(org=org)
            await api.store.append_logs([LogChunk(org, "t1", 0, seq, TEXT, 1) for seq in range(1, CHUNKS + 1)])
        config = uvicorn.Config(api.app, lifespan="off", log_config=None, access_log=False, **http_options(20))
        with listen("127.0.0.1", 0, otherwise="") as listener:
            served = Served(api, Server(config))
            read = api.store.read_logs

            async def counted(*key: str, attempt: int, after: int, limit: int) -> list[LogChunk]:
                chunks = await read(*key, attempt=attempt, after=after, limit=limit)
                served.read += sum(len(chunk.text) for chunk in chunks)
                return chunks

            monkeypatch.setattr(api.store, "read_logs", counted)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(served.server.serve, [listener])
                await served.server.serving.wait()
                yield served
                served.server.stop()


@pytest.mark.parametrize("query", QUERIES)
async def test_who_does_not_read_has_little_read_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str):
    """A page or two beyond what the kernel takes, however much there is."""
    async with _served(tmp_path, monkeypatch) as served:
        with served.unread(query, CLIENTS):
            await until(lambda: served.waiting == CLIENTS)
            assert served.read <= CLIENTS * 4 * PAGE_BYTES


@pytest.mark.parametrize("query", QUERIES)
async def test_unread_output_is_bounded_by_organization(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str):
    """Beyond so many answers another is refused for the time being, to that organization only, until some end."""
    monkeypatch.setattr(output_shares, "ANSWERS", 2)
    monkeypatch.setattr(output_shares, "WAIT_S", 0.05)
    async with _served(tmp_path, monkeypatch) as served:
        with served.unread(query, 2):
            await until(lambda: served.waiting == 2)
            refused = await served.get(query, "org_a")
            other = await served.get(query, "org_b")
        await until(lambda: len(served.api.app.state.output_shares) == 0)
        again = await served.get(query, "org_a")
    assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_DOWNLOADS")
    assert int(refused.headers["retry-after"]) > 0
    assert (other.status_code, again.status_code) == (200, 200)


async def test_a_call_waits_for_its_organizations_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is answered as soon as one of them ends, such as one that was ended for not reading."""
    monkeypatch.setattr(output_shares, "ANSWERS", 1)
    monkeypatch.setattr(http_connection, "UNREAD_S", 0.3)
    async with _served(tmp_path, monkeypatch) as served:
        with served.unread("format=text", 1):
            await until(lambda: served.waiting == 1)
            answer = await served.get("format=text", "org_a")
    assert len(answer.content) == CHUNKS * len(f"{TEXT}\n")
