"""Downloads under way of callers who lose their rights, over real sockets."""

import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
import uvicorn
from structlog.testing import capture_logs

from runcast_api.executions import output_answer
from runcast_core.model.errors import StoreUnavailable
from runcast_core.model.executions import LogChunk
from runcast_core.serving.http_connection import http_options
from runcast_core.serving.start import Server, listen
from tests.parts.api import LOGIN, USER, Installation, serving, signed_up
from tests.parts.conditions import until

LOGS = "/api/executions/t1/logs"
QUERIES = ["format=text", "format=text&q=x"]
CHUNKS = 32
TEXT = "\n".join(["x" * 15_999] * 16)
"""Of a chunk, about a page."""
SINCE = "x appended since"
LAST_CHUNK = b"0\r\n\r\n"


@dataclass
class Served:
    """An api with output that is longer than what waits in a connection."""

    api: Installation
    server: Server
    organization_id: str

    @property
    def port(self) -> int:
        return int(self.server.servers[0].sockets[0].getsockname()[1])

    async def append(self, seqs: range, text: str) -> None:
        chunks = [LogChunk(self.organization_id, "t1", 0, seq, text, 1) for seq in seqs]
        await self.api.store.append_logs(chunks)

    @contextmanager
    def downloading(self, query: str, token: str) -> Iterator[socket.socket]:
        """Have a client that asks, and reads nothing yet."""
        with closing(socket.socket()) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", self.port))
            asked = (
                f"GET {LOGS}?{query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\r\n"
            )
            client.sendall(asked.encode())
            yield client

    async def stalled(self) -> None:
        """Wait until the connection has more to write than it may."""
        await until(lambda: any(each.flow.write_paused for each in self.server.server_state.connections))


@asynccontextmanager
async def _served(folder: Path) -> AsyncIterator[Served]:
    async with serving(folder) as api:
        admin = await signed_up(api)
        body = {"image": "busybox", "taskId": "t1"}
        assert (await api.http.post("/api/execution-request", json=body)).status_code == 202
        config = uvicorn.Config(api.app, lifespan="off", log_config=None, access_log=False, **http_options(20))
        with listen("127.0.0.1", 0, otherwise="") as listener:
            served = Served(api, Server(config), admin["organizationId"])
            await served.append(range(1, CHUNKS + 1), TEXT)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(served.server.serve, [listener])
                await served.server.serving.wait()
                yield served
                served.server.stop()


async def _member(api: Installation) -> tuple[str, str]:
    """Return the token of a member, and the path whose DELETE ends it."""
    user = (await api.http.post("/api/users", json=USER)).json()
    return (await api.http.post("/api/auth/login", json=LOGIN)).json()["token"], f"/api/users/{user['id']}"


async def _logged_out(api: Installation) -> tuple[str, str]:
    token, path = await _member(api)
    return token, f"{path}/sessions"


async def _key(api: Installation) -> tuple[str, str]:
    body = {"name": "CI", "kind": "api-key", "role": "viewer"}
    key = (await api.http.post("/api/keys", json=body)).json()
    return key["secret"], f"/api/keys/{key['id']}"


def _rest(client: socket.socket) -> bytes:
    """Return what comes until the connection ends, whichever way."""
    received = bytearray()
    client.settimeout(20)
    with suppress(ConnectionResetError):
        while part := client.recv(65536):
            received += part
    return bytes(received)


CALLERS = [_member, _logged_out, _key]
Caller = Callable[[Installation], Awaitable[tuple[str, str]]]


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("query", QUERIES)
async def test_a_download_ends_with_the_rights_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, caller: Caller, query: str
):
    """It has nothing that came later, and its reader can tell that it is not whole; the log has one line of it."""
    monkeypatch.setattr(output_answer, "LOOK_S", 0)
    async with _served(tmp_path) as served:
        token, path = await caller(served.api)
        with served.downloading(query, token) as client, capture_logs() as logs:
            await served.stalled()
            assert (await served.api.http.delete(path)).status_code == 204
            await served.append(range(CHUNKS + 1, CHUNKS + 2), SINCE)
            received = await anyio.to_thread.run_sync(_rest, client)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert 0 < received.count(b"x" * 15_999) < CHUNKS * 16
    assert SINCE.encode() not in received
    assert not received.endswith(LAST_CHUNK)
    assert [entry["path"] for entry in logs if entry["event"] == "Answer broken off"] == [LOGS]
    assert {entry["log_level"] for entry in logs} <= {"debug", "info"}
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("query", QUERIES)
async def test_a_download_goes_on_with_what_comes_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caller: Caller, query: str
):
    """For who still may have it."""
    monkeypatch.setattr(output_answer, "LOOK_S", 0)
    async with _served(tmp_path) as served:
        token, _ = await caller(served.api)
        with served.downloading(query, token) as client:
            await served.stalled()
            await served.append(range(CHUNKS + 1, CHUNKS + 2), SINCE)
            received = await anyio.to_thread.run_sync(_rest, client)
    assert SINCE.encode() in received
    assert received.endswith(LAST_CHUNK)


@pytest.mark.parametrize("query", QUERIES)
async def test_a_download_whose_store_fails_is_broken_off_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, query: str
):
    """No traceback, and no end that looks like one."""
    async with _served(tmp_path) as served:
        token, _ = await _member(served.api)
        with served.downloading(query, token) as client, capture_logs() as logs:
            await served.stalled()

            async def away(*_: object, **__: object) -> list[LogChunk]:
                raise StoreUnavailable("the store is away")

            monkeypatch.setattr(served.api.store, "read_logs", away)
            received = await anyio.to_thread.run_sync(_rest, client)
    assert not received.endswith(LAST_CHUNK)
    assert [entry["reason"] for entry in logs if entry["event"] == "Answer broken off"] == ["STORE_UNAVAILABLE"]
    assert [entry for entry in logs if entry["log_level"] == "error"] == []
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("query", QUERIES)
async def test_who_downloads_is_looked_at_now_and_then(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, query: str):
    """Not before each step."""
    monkeypatch.setattr(output_answer, "LOOK_S", 60)
    async with _served(tmp_path) as served:
        token, _ = await _member(served.api)
        asked: list[object] = []
        standing = served.api.store.standing

        async def counted(organization_id: str, subjects: tuple[str, ...]) -> object:
            asked.append(subjects)
            return await standing(organization_id, subjects)

        monkeypatch.setattr(served.api.store, "standing", counted)
        with served.downloading(query, token) as client:
            received = await anyio.to_thread.run_sync(_rest, client)
    assert received.endswith(LAST_CHUNK)
    assert len(asked) == 1
