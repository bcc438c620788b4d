"""Redis that goes away under a whole installation, and comes back empty."""

import signal
from contextlib import ExitStack
from pathlib import Path

import anyio
import httpx

from runcast_core.model.identifiers import new_id
from tests.e2e.dashboard import python
from tests.parts.installation import CALLBACK_TOKEN, Installation, started_installation, until_ready
from tests.parts.part import Part
from tests.parts.redis.server import MortalRedis, own_redis

CALLBACK = {"Authorization": f"Bearer {CALLBACK_TOKEN}"}


async def _ready(installation: Installation, status: int) -> None:
    """Wait until every service says so."""
    async with httpx.AsyncClient() as http:
        for service in installation.services.values():
            await until_ready(http, service.url, status)


async def test_dashboards_are_live_again_after_every_restart(tmp_path: Path):
    """Those that were connected are told to look again, and those that came meanwhile too; nobody stays deaf."""
    a, b = new_id(), new_id()
    with MortalRedis(own_redis()[1]) as redis, ExitStack() as server:
        server.enter_context(redis.running())
        with started_installation(redis.url, tmp_path) as installation:
            url, (first, second) = installation.api, installation.gateways
            async with (
                httpx.AsyncClient(base_url=url, headers=installation.headers(a)) as http,
                python(first, auth={"token": installation.token(a)}) as early,
            ):
                await early.until(lambda d: d.of("auth-success"))
                for restart in range(3):
                    server.close()
                    await _ready(installation, 503)
                    async with python(second, auth={"token": installation.token(b)}) as late:
                        await late.until(lambda d: d.of("auth-success"))
                        server.enter_context(redis.running())
                        for dashboard in (early, late):
                            await dashboard.until(lambda d: d.of("resync"))
                        await _ready(installation, 200)
                        for organization in (a, b):
                            body = {"taskId": f"t{restart}", "organizationId": organization, "status": "RUNNING"}
                            await http.post("/executions/update", json=body, headers=CALLBACK)
                        for dashboard in (early, late):
                            await dashboard.until(lambda d: d.of("execution-updated")[-1:])
                            assert dashboard.of("execution-updated")[-1]["taskId"] == f"t{restart}"
                    early.happened.clear()


async def test_a_gateway_ends_although_clients_poll_and_post(redis_part: Part, tmp_path: Path):
    """SIGTERM ends it within seconds, whatever hangs: a long poll, a body that was too large."""
    with started_installation(redis_part.url, tmp_path, runners=()) as installation:
        gateway = installation.services["gateway-1"]
        async with httpx.AsyncClient(base_url=gateway.url) as http, anyio.create_task_group() as tasks:
            path = "/socket.io/?EIO=4&transport=polling"
            for _ in range(2):
                sid = (await http.get(path)).text.split('"')[3]
                await http.post(f"{path}&sid={sid}", content=b"4" * 70_000)
            tasks.start_soon(_poll, http, f"{path}&sid={sid}")
            await anyio.wait_all_tasks_blocked()
            gateway.process.send_signal(signal.SIGTERM)
            await anyio.to_thread.run_sync(gateway.process.wait, 12)


async def _poll(http: httpx.AsyncClient, url: str) -> None:
    try:
        await http.get(url, timeout=30)
    except httpx.TransportError:
        return
