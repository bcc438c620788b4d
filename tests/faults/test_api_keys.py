"""API keys as tokens of official clients, while Redis goes, and comes back with nothing; over both stores."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.model.identifiers import new_id
from tests.e2e.dashboard import Dashboard, javascript
from tests.parts.conditions import until
from tests.parts.installation import Installation, started_installation
from tests.parts.redis.server import MortalRedis, own_redis


@dataclass(frozen=True)
class Scene:
    """An installation on a Redis of its own, and an admin's calls."""

    installation: Installation
    redis: MortalRedis
    http: httpx.AsyncClient
    organization_id: str

    async def key(self, **fields: Any) -> dict[str, Any]:
        body = {"name": "CI", "kind": "api-key", "role": "developer", **fields}
        answer = await self.http.post("/api/keys", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def request(self, secret: str, task_id: str) -> None:
        body = {"image": "alpine:3", "taskId": task_id}
        answer = await self.http.post(
            "/api/execution-request", json=body, headers={"Authorization": f"Bearer {secret}"}
        )
        assert answer.status_code == 202, answer.text

    async def revoke(self, key: dict[str, Any]) -> None:
        assert (await self.http.delete(f"/api/keys/{key['id']}")).status_code == 204


@asynccontextmanager
async def _scene(folder: Path, server: AsyncExitStack, **settings: str) -> AsyncIterator[Scene]:
    organization_id = new_id()
    with MortalRedis(own_redis()[1]) as redis:
        server.enter_context(redis.running())
        with started_installation(redis.url, folder, runners=(), **settings) as installation:
            headers = installation.headers(organization_id)
            async with server, httpx.AsyncClient(base_url=installation.api, headers=headers, timeout=20) as http:
                yield Scene(installation, redis, http, organization_id)


@pytest.fixture(params=["sqlite", "mongodb"])
def settings(request: pytest.FixtureRequest) -> dict[str, str]:
    if request.param == "sqlite":
        return {}
    return {"MONGODB_URL": f"{request.getfixturevalue('mongodb_part').url}/rc_{new_id()}"}


def _saw(task_id: str):
    return lambda d: [body for body in d.of("execution-updated") if body["taskId"] == task_id]


async def _sent_away(dashboard: Dashboard) -> None:
    await dashboard.until(lambda d: d.of("disconnect"))
    assert dashboard.of("auth-error") == [{"error": "Invalid or expired token"}]
    assert dashboard.happened[-1] == ("disconnect", "io server disconnect")


@pytest.mark.usefixtures("javascript_client")
async def test_a_key_is_a_token_until_it_is_revoked(tmp_path: Path, settings: dict[str, str]):
    """On every gateway, with its name in the presence; then its clients are sent away, nobody else's, and stay away. It
    is refused over HTTP from then on, too."""
    async with _scene(tmp_path, AsyncExitStack(), **settings) as scene:
        one, two = scene.installation.gateways
        key, kept = await scene.key(name="Deploy bot"), await scene.key()
        secret = key["secret"]
        async with (
            javascript(one, auth={"token": secret}) as first,
            javascript(two, auth={"token": secret}, transports=["websocket"]) as second,
            javascript(one, auth={"token": kept["secret"]}) as other,
        ):
            for dashboard in (first, second, other):
                await dashboard.until(lambda d: d.of("auth-success"))
            await scene.request(secret, "t1")
            for dashboard in (first, second, other):
                await dashboard.until(_saw("t1"))

            async def present() -> bool:
                users = (await scene.http.get("/api/presence")).json()["users"]
                return {"userId": f"key:{key['id']}", "sockets": 2, "name": "Deploy bot", "role": "developer"} in users

            await until(present)
            await scene.revoke(key)
            refused = await scene.http.get("/api/executions", headers={"Authorization": f"Bearer {secret}"})
            assert (refused.status_code, refused.json()["code"]) == (401, "INVALID_TOKEN")
            await _sent_away(first)
            await _sent_away(second)
            async with javascript(two, auth={"token": secret}) as late:
                await _sent_away(late)
            await scene.request(kept["secret"], "t2")
            await other.until(_saw("t2"))
            assert len(first.of("connect")) == 1
        logs = "".join(scene.installation.log_of(name) for name in scene.installation.services)
        assert secret not in logs
        assert kept["secret"] not in logs


@pytest.mark.usefixtures("javascript_client")
async def test_a_redis_that_comes_back_with_nothing_is_told_again(tmp_path: Path, settings: dict[str, str]):
    """Who connects meanwhile is not refused but tries again by itself, also with a key that was made while Redis was
    away; one that was revoked then opens nothing, and its client is sent away."""
    server = AsyncExitStack()
    async with _scene(tmp_path, server, **settings) as scene:
        one, two = scene.installation.gateways
        before, gone = await scene.key(), await scene.key()
        async with javascript(one, auth={"token": before["secret"]}) as holding, AsyncExitStack() as stack:
            leaving = await stack.enter_async_context(javascript(one, auth={"token": gone["secret"]}))
            for dashboard in (holding, leaving):
                await dashboard.until(lambda d: d.of("auth-success"))
            await server.aclose()
            meanwhile = await scene.key()
            await scene.revoke(gone)
            trying = [
                await stack.enter_async_context(javascript(two, auth={"token": secret}, **transports))
                for secret in (before["secret"], meanwhile["secret"])
                for transports in ({}, {"transports": ["websocket"]}, {"transports": ["polling"]})
            ]
            for dashboard in trying:
                await dashboard.until(lambda d: len(d.of("disconnect", "connect_error")) >= 2)
                assert dashboard.of("auth-success", "auth-error") == []
            stack.enter_context(scene.redis.running())
            await _sent_away(leaving)
            for dashboard in trying:
                await dashboard.until(lambda d: d.of("auth-success"), 30)
                assert dashboard.of("auth-error") == []
            late = await stack.enter_async_context(javascript(two, auth={"token": gone["secret"]}))
            await _sent_away(late)
            await _until_live(scene, before["secret"], [holding, *trying])


async def _until_live(scene: Scene, secret: str, dashboards: list[Dashboard]) -> None:
    """Wait until all are sent what happens."""
    number = 0
    for dashboard in dashboards:

        async def seen(dashboard: Dashboard = dashboard) -> bool:
            nonlocal number
            number += 1
            await scene.request(secret, f"live{number}")
            return bool(dashboard.of("execution-updated"))

        await until(seen, 30)


@pytest.mark.usefixtures("javascript_client")
async def test_a_flushed_redis_is_told_again(tmp_path: Path):
    """While clients are connected: those stay, others come in, revoked ones do not."""
    async with _scene(tmp_path, AsyncExitStack()) as scene, open_redis_bus(scene.redis.url) as bus:
        one, two = scene.installation.gateways
        kept, gone = await scene.key(), await scene.key()
        await scene.revoke(gone)
        async with javascript(one, auth={"token": kept["secret"]}) as holding:
            await holding.until(lambda d: d.of("auth-success"))
            await bus.servers.execute("", "FLUSHALL")
            async with (
                javascript(two, auth={"token": kept["secret"]}) as late,
                javascript(two, auth={"token": gone["secret"]}) as out,
            ):
                await late.until(lambda d: d.of("auth-success"), 30)
                await _sent_away(out)
                await _until_live(scene, kept["secret"], [holding, late])
                assert len(holding.of("connect")) == 1
                assert holding.of("auth-error") == late.of("auth-error") == out.of("execution-updated") == []
