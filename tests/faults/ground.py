"""Gateways whose Redis a test may end, stop or hide, and the dashboards of one organization on them."""

import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path

import anyio
import httpx

from runcast_core.bus.redis.bus import RedisBus, open_redis_bus
from runcast_core.model.events import RESYNC
from runcast_core.model.identifiers import new_id
from tests.e2e.dashboard import Dashboard, python
from tests.e2e.recovering import Publisher, Watcher, watcher
from tests.parts.balancer import Balancer, balanced
from tests.parts.installation import Installation, started_installation, until_ready
from tests.parts.redis.proxy import Proxy, proxied
from tests.parts.redis.server import MortalRedis, own_redis

PERSISTENT = ("--appendonly", "yes", "--appendfsync", "always")


class Ground:
    """Gateways, their Redis, and the way between the two; publishers have a way of their own."""

    def __init__(self, mortal: MortalRedis, way: Proxy) -> None:
        self.mortal = mortal
        self.way = way
        self.installation: Installation
        self.redis: subprocess.Popen[bytes]
        self._running = ExitStack()

    def start(self, *options: str) -> None:
        self.redis = self._running.enter_context(self.mortal.running(*options))

    def kill(self) -> None:
        self.redis.kill()
        self._running.close()

    def end(self) -> None:
        self._running.close()

    async def ready(self, status: int) -> None:
        """Wait until both gateways say so."""
        async with httpx.AsyncClient(timeout=10) as http:
            for url in self.installation.gateways:
                await until_ready(http, url, status)


@asynccontextmanager
async def started_ground(folder: Path) -> AsyncIterator[Ground]:
    async with AsyncExitStack() as stack:
        mortal = stack.enter_context(MortalRedis(own_redis()[1]))
        ground = Ground(mortal, await stack.enter_async_context(proxied(mortal.port)))
        stack.callback(ground.end)
        ground.start(*PERSISTENT)
        starting = started_installation(ground.way.url, folder, runners=())
        ground.installation = await anyio.to_thread.run_sync(starting.__enter__)  # the way is in this thread
        stack.push(starting)
        yield ground


class Scene:
    """One organization: a client that recovers, on one gateway, one that does not, on the other, and a publisher."""

    def __init__(
        self, organization_id: str, bus: RedisBus, balancer: Balancer, client: Watcher, plain: Dashboard
    ) -> None:
        self.organization_id = organization_id
        self.bus = bus
        self.balancer = balancer
        self.client = client
        self.plain = plain
        self.publisher = Publisher(bus, organization_id)

    @property
    def plain_numbers(self) -> list[int]:
        return [body["n"] for body in self.plain.of("execution-log")]

    async def have(self, numbers: list[int]) -> None:
        """Wait until both have as much; it has to be that."""
        await self.client.until(lambda c: len(c.numbers) >= len(numbers))
        await self.plain.until(lambda _: len(self.plain_numbers) >= len(numbers))
        assert self.client.numbers == self.plain_numbers == numbers

    async def resynced(self) -> None:
        await self.client.until(lambda c: c.of(RESYNC))
        await self.plain.until(lambda p: p.of(RESYNC))

    @property
    def noticed(self) -> bool:
        """Whether anybody was told, or lost the connection."""
        told = [h for h in self.plain.happened if h[0] in {RESYNC, "disconnect"}]
        return bool(told or self.client.of(RESYNC) or self.client.of("disconnect"))

    async def comes_back(self) -> bool:
        times = len(self.client.connections)
        self.balancer.cut()
        await self.client.connected(times + 1)
        return self.client.recovered


@asynccontextmanager
async def scene_on(ground: Ground) -> AsyncIterator[Scene]:
    organization, (first, second) = new_id(), ground.installation.gateways
    await ground.ready(200)
    async with (
        open_redis_bus(ground.mortal.url) as bus,
        balanced(first) as balancer,
        watcher(balancer.url, ground.installation.token(organization)) as client,
        python(second, auth={"token": ground.installation.token(organization)}, transports=["websocket"]) as plain,
    ):
        await plain.until(lambda p: p.of("auth-success"))
        scene = Scene(organization, bus, balancer, client, plain)
        await scene.publisher.publish(3)
        await scene.have([0, 1, 2])
        yield scene
