"""`runcast up` that is stopped and started again: it has nowhere to send its dashboards, and they come back."""

import signal
from pathlib import Path

import anyio
import pytest

from tests.e2e.crowd import crowd, official
from tests.parts.load_balancer import load_balanced
from tests.parts.up import running_up

SETTINGS = {"RUNCAST_EXECUTOR": "process", "RUNCAST_DRAIN_WINDOW": "3600"}


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
