"""Clients that never finish a body, or leave in the middle of it."""

from collections.abc import AsyncIterator

import anyio
import pytest
from starlette.types import Message
from structlog.testing import capture_logs

from runcast_api.documentation.calls import CALLS
from runcast_api.http import bodies
from tests.parts.api import may_call, serving

WITH_BODY = [(call.method, call.path) for call in CALLS if call.body is not None]
LOOPBACK = {"RUNCAST_CALLBACK_NETWORKS": "127.0.0.0/8"}
JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
async def test_a_body_that_does_not_end_is_a_timeout(tmp_path, monkeypatch, method, path):
    """However steadily it drips, it has so long as a whole: 408, and the connection, where more may come, is closed."""
    monkeypatch.setattr(bodies, "BODY_TIMEOUT_S", 0.2)

    async def dripping() -> AsyncIterator[bytes]:
        while True:
            yield b" "
            await anyio.sleep(0.01)

    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        with capture_logs() as logs, anyio.fail_after(10):
            answer = await api.http.request(method, path, content=dripping(), headers=may_call(path) | JSON)
        assert (answer.status_code, answer.json()["code"]) == (408, "BODY_TIMEOUT")
        assert answer.headers["connection"] == "close"
        assert [entry for entry in logs if entry["log_level"] in {"error", "critical"}] == []
        await api.requested()


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
async def test_a_client_that_leaves_is_no_fault_of_ours(tmp_path, method, path):
    """A connection that ends within a body raises nothing towards the server and logs no error, and nothing is done."""
    headers = [(name.lower().encode(), value.encode()) for name, value in (may_call(path) | JSON).items()]
    scope = {"type": "http", "method": method, "path": path, "headers": headers, "query_string": b""}
    coming: list[Message] = [
        {"type": "http.request", "body": b'{"taskId":', "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> Message:
        return coming.pop(0)

    async def send(_: Message) -> None:
        pass

    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        with capture_logs() as logs:
            await api.app({**scope, "client": ("127.0.0.1", 4711)}, receive, send)
        assert coming == []
        assert [entry for entry in logs if entry["log_level"] in {"warning", "error", "critical"}] == []
        assert api.bus.published == []
        await api.requested()
