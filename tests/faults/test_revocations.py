"""Who was sent away stays away, although Redis lost its memory: nobody sees an event with a token that was revoked."""

import json
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import pytest

from runcast_core.bus.redis.bus import RedisBus, open_redis_bus
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.events import EXECUTION_LOG, Event
from runcast_core.model.identifiers import TOLD_KEY, new_id, revoked_key
from runcast_core.store.open import open_store
from tests.e2e.raw_socket import RawSocket, raw_socket
from tests.parts.account import Account
from tests.parts.conditions import until
from tests.parts.installation import Installation, started_installation
from tests.parts.redis.server import MortalRedis, own_redis

TOLD_NOTHING = {"auth-success", "auth-error"}


@dataclass
class Out:
    """Somebody who was in, with what an official client would come back with."""

    organization_id: str
    token: str
    place: dict[str, object] = field(default_factory=dict)

    async def come_in(self, url: str) -> None:
        async with raw_socket(url) as raw:
            await raw.connect(self.token, recover=True)
            await raw.until("auth-success")
            pid = json.loads(next(p for p in raw.received if p.startswith("40"))[2:])["pid"]
            self.place = {"recover": True, "pid": pid, "offset": raw.events[0][2]}


class Scene:
    """An admin who stays, and three who are out: removed, logged out, of an organization that was deleted."""

    def __init__(self, installation: Installation, bus: RedisBus, http: httpx.AsyncClient, redis: MortalRedis) -> None:
        self.installation = installation
        self.bus = bus
        self.redis = redis
        self.http = http
        self.admin, self.removed, self.logged_out, self.other = (
            Account(http, f"{new_id()}@example.com") for _ in range(4)
        )
        self.out: list[Out] = []
        self.organization_ids: list[str] = []

    async def set(self) -> None:
        for founder in (self.admin, self.other):
            await founder.sign_up()
            who = (await self.http.get("/api/auth/me", headers=founder.headers)).json()
            self.organization_ids.append(who["organization"]["id"])
        for member in (self.removed, self.logged_out):
            await self.admin.with_member(member)
        own, deleted = self.organization_ids
        self.out = [Out(own, self.removed.token), Out(own, self.logged_out.token), Out(deleted, self.other.token)]
        for out in self.out:
            await out.come_in(self.installation.gateways[0])
        path = f"/api/users/{self.removed.user_id}"
        assert (await self.http.delete(path, headers=self.admin.headers)).status_code == 204
        assert (await self.http.delete("/api/auth/sessions", headers=self.logged_out.headers)).status_code == 204
        async with open_store(f"sqlite://{self.installation.settings['RUNCAST_SQLITE_PATH']}") as store:
            await store.delete_organization(deleted)
            await until(lambda: self._announced(store))

    async def _announced(self, store) -> bool:
        return await store.unannounced_revocations() == []

    async def publish(self) -> None:
        """Publish to both organizations, for ever."""
        while True:
            for organization_id in self.organization_ids:
                with suppress(BusUnavailable):
                    await self.bus.publish(organization_id, Event(EXECUTION_LOG, "t", b'{"log":"for members"}'))
            await anyio.sleep(0.01)

    async def lose(self, loss: str, stack: AsyncExitStack) -> None:
        if loss == "restarted":
            await stack.aclose()
            stack.enter_context(self.redis.running())
        elif loss == "flushed":
            await self.bus.servers.execute("", "FLUSHALL")
        else:
            for key in (TOLD_KEY, *map(revoked_key, self.organization_ids)):
                await self.bus.servers.execute("", "DEL", key)


@asynccontextmanager
async def _scene(tmp_path: Path, server: AsyncExitStack) -> AsyncIterator[Scene]:
    with MortalRedis(own_redis()[1]) as redis:
        server.enter_context(redis.running())
        with started_installation(redis.url, tmp_path, runners=()) as installation:
            async with (
                server,
                open_redis_bus(redis.url) as bus,
                httpx.AsyncClient(base_url=installation.api, timeout=20) as http,
            ):
                scene = Scene(installation, bus, http, redis)
                await scene.set()
                yield scene


async def _sent_away(raw: RawSocket) -> None:
    await raw.until("auth-error", 20)
    await raw.closed()
    assert {event[0] for event in raw.events} <= TOLD_NOTHING, raw.events[:5]


@pytest.mark.parametrize("loss", ["flushed", "restarted", "forgotten"])
async def test_who_was_sent_away_sees_nothing_although_redis_forgot_it(tmp_path: Path, loss: str):
    """On a gateway that holds the organization, one that does not, and one that was started anew, while the api hangs
    and cannot say who is out. Whoever may come in is let in meanwhile, and is sent everything once it did."""
    server = AsyncExitStack()
    async with _scene(tmp_path, server) as scene, AsyncExitStack() as stack, anyio.create_task_group() as tasks:
        api = scene.installation.services["api"].process
        holding, other = scene.installation.gateways
        good = [await stack.enter_async_context(raw_socket(holding))]
        await good[0].connect(scene.admin.token)
        await good[0].until("auth-success")
        tasks.start_soon(scene.publish)
        await good[0].until("for members")
        api.send_signal(signal.SIGSTOP)
        await scene.lose(loss, server)
        anew = stack.enter_context(scene.installation.running_gateway("gateway-3")).url
        sent_away = []
        for url in (holding, other, anew):
            for out in scene.out:
                for place in ({}, out.place):
                    raw = await stack.enter_async_context(raw_socket(url))
                    await raw.connect(out.token, **place)
                    sent_away.append(raw)
        for url in (other, anew):
            raw = await stack.enter_async_context(raw_socket(url))
            await raw.connect(scene.admin.token)
            await raw.until("auth-success")
            good.append(raw)
        api.send_signal(signal.SIGCONT)
        for raw in good:
            already = len(raw.received)
            await raw.until_more("for members", already)
        for raw in sent_away:
            await _sent_away(raw)
        for raw in good[1:]:
            assert [event[0] for event in raw.events[:3]] == ["auth-success", "resync", EXECUTION_LOG]
        tasks.cancel_scope.cancel()
