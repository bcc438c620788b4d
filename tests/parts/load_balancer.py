"""A TCP load balancer before gateways: each new connection goes to the next one that is ready, or, for affinity, to the
first one."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import anyio
import httpx
from anyio.abc import SocketStream

from tests.parts.balancer import Balancer, listening

LOOK_S = 0.05


class LoadBalancer(Balancer):
    """Looks at its targets as Kubernetes does, only more often. `targets` may be changed at any time."""

    def __init__(self, targets: Sequence[str], *, affinity: bool) -> None:
        super().__init__(targets)
        self._affinity = affinity
        self._ready: list[str] = []

    async def look(self) -> None:
        """Ask, for ever, who is ready."""
        async with httpx.AsyncClient(timeout=1) as http:
            while True:
                self._ready = [target for target in self.targets if await _ready(http, target)]
                await anyio.sleep(LOOK_S)

    async def settled(self) -> None:
        """Wait until all of its targets are ready, and nothing else is sent a connection."""
        with anyio.fail_after(10):
            while set(self._ready) != set(self.targets):
                await anyio.sleep(LOOK_S)

    async def connected(self) -> SocketStream | None:
        if self._ready and not self._affinity:
            self._ready.append(self._ready.pop(0))
        return await self._first(self._ready[:1])


async def _ready(http: httpx.AsyncClient, target: str) -> bool:
    try:
        return (await http.get(f"{target}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


@asynccontextmanager
async def load_balanced(*targets: str, affinity: bool = False) -> AsyncIterator[LoadBalancer]:
    balancer = LoadBalancer(targets, affinity=affinity)
    async with listening(balancer), anyio.create_task_group() as tasks:
        tasks.start_soon(balancer.look)
        yield balancer
        tasks.cancel_scope.cancel()
