"""`runcast up` that is stopped and started again: it has nowhere to send its dashboards, and they come back."""

import signal
from pathlib import Path

import anyio
import pytest

from tests.e2e.crowd import crowd, official
from tests.parts.load_balancer import load_balanced
from tests.parts.up import running_up

LONGER_S = 1.5
"""What clients may add to the time that an end takes; a drain's window is 15 s."""
PROCESS = {"RUNCAST_EXECUTOR": "process"}


@pytest.mark.usefixtures("javascript_client")
async def test_dashboards_come_back_after_a_restart(tmp_path: Path):
    """Over WebSockets and polls; they do not keep it from ending at once, whatever the window of a drain may be."""
    alone_s = await _end_of_one_without_clients(tmp_path / "alone")
    async with load_balanced() as balancer:
        with running_up(tmp_path / "data", **PROCESS) as up:
            balancer.targets.append(up.url)
            options = {"auth": {"token": up.token}, "transports": ["polling"]}
            async with crowd(balancer.url, 10, **options) as polling, official(balancer.url, up.token) as one:
                for client in polling.clients:
                    await client.welcomed()
                assert await one.ask("watch", {"taskId": "t"}) == {"watching": ["t"]}  # in which time they poll again
                told_at = anyio.current_time()
                assert await anyio.to_thread.run_sync(up.end, signal.SIGTERM) == 0
                assert anyio.current_time() - told_at < alone_s + LONGER_S
                with running_up(tmp_path / "data", **PROCESS) as again:
                    balancer.targets[:] = [again.url]
                    for client in (one, *polling.clients):
                        await client.welcomed(2)
                        assert "io server disconnect" not in client.of("disconnect")
                        assert client.of("auth-error") == []


async def _end_of_one_without_clients(folder: Path) -> float:
    """Return how many seconds it takes on this machine, as busy as it is."""
    with running_up(folder, **PROCESS) as up:
        told_at = anyio.current_time()
        assert await anyio.to_thread.run_sync(up.end, signal.SIGTERM) == 0
        return anyio.current_time() - told_at
