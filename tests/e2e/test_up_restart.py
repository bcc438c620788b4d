"""`runcast up` that is stopped and started again: it has nowhere to send its dashboards, and they come back."""

import signal
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import pytest

from tests.e2e.crowd import crowd, official
from tests.e2e.raw_socket import raw_socket
from tests.parts.load_balancer import load_balanced
from tests.parts.up import running_up

SETTINGS = {"RUNCAST_EXECUTOR": "process", "RUNCAST_DRAIN_WINDOW": "3600"}


async def test_a_removed_user_stays_out_after_a_restart(tmp_path: Path):
    """Its valkey keeps nothing, so it is told again. Whoever may come in does, and sees events at once."""
    log_in = {"email": "m@example.com", "password": "a long password"}
    with running_up(tmp_path / "data", **SETTINGS) as up:
        async with httpx.AsyncClient(base_url=up.url, headers=up.headers) as http:
            added = (await http.post("/api/users", json={**log_in, "name": "M", "role": "viewer"})).json()
            token = (await http.post("/api/auth/login", json=log_in)).json()["token"]
            async with raw_socket(up.url) as raw:
                await raw.connect(token)
                await raw.until("auth-success")
                assert (await http.delete(f"/api/users/{added['id']}")).status_code == 204
                await raw.until("auth-error")
        assert await anyio.to_thread.run_sync(up.end, signal.SIGTERM) == 0
    with running_up(tmp_path / "data", **SETTINGS) as again:
        async with raw_socket(again.url) as removed, raw_socket(again.url) as other:
            await removed.connect(token)
            await other.connect(again.token)
            await other.until("auth-success")
            await again.request(image="local", command="echo of today")
            await other.until("of today")
            assert [event[0] for event in other.events[:2]] == ["auth-success", "execution-updated"]
            await removed.until("auth-error")
            await removed.closed()
            assert [event[0] for event in removed.events] == ["auth-error"]


@pytest.mark.usefixtures("javascript_client")
async def test_dashboards_come_back_after_a_restart(tmp_path: Path):
    """Over WebSockets and polls; their connections are closed for it to end, whatever the window of a drain may be, and
    it need not give up waiting for any of them."""
    async with load_balanced() as balancer:
        with running_up(tmp_path / "data", **SETTINGS) as up:
            balancer.targets.append(up.url)
            options = {"auth": {"token": up.token}, "transports": ["polling"]}
            async with crowd(balancer.url, 10, **options) as polling, official(balancer.url, up.token) as one:
                for client in polling.clients:
                    await client.welcomed()
                assert await one.ask("watch", {"taskId": "t"}) == {"watching": ["t"]}  # in which time they poll again
                assert await anyio.to_thread.run_sync(up.end, signal.SIGTERM) == 0
                assert "timeout graceful shutdown exceeded" not in up.log
                with running_up(tmp_path / "data", **SETTINGS) as again:
                    balancer.targets[:] = [again.url]
                    for client in (one, *polling.clients):
                        await client.welcomed(2)
                        assert "io server disconnect" not in client.of("disconnect")
                        assert client.of("auth-error") == []
