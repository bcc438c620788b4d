"""A TCP load balancer before gateways: each new connection goes to the next one that is ready, or, for affinity, to the
first one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx
from anyio.abc import SocketAttribute, SocketStream

LOOK_S = 0.05
FAILURES = (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError)


class LoadBalancer:
    """Looks at its targets as Kubernetes does, only more often. `targets` may be changed at any time."""

    def __init__(self, targets: list[str], *, affinity: bool) -> None:
        self.targets = targets
        self.url = ""
        self._affinity = affinity
        self._ready: list[str] = []

    async def look(self) -> None:
        """Ask, for ever, who is ready."""
        async with httpx.AsyncClient(timeout=1) as http:
            while True:
                self._ready = [target for target in self.targets if await _ready(http, target)]
                await anyio.sleep(LOOK_S)

    async def serve(self, client: SocketStream) -> None:
        async with client:
            target = self._next()
            if target is None:
                return
            try:
                connected = await anyio.connect_tcp(target.host, target.port or 80)
            except OSError:
                return
            async with connected as server, anyio.create_task_group() as tasks:
                tasks.start_soon(_pump, client, server, tasks)
                tasks.start_soon(_pump, server, client, tasks)

    def _next(self) -> httpx.URL | None:
        if self._ready and not self._affinity:
            self._ready.append(self._ready.pop(0))
        return httpx.URL(self._ready[0]) if self._ready else None


async def _ready(http: httpx.AsyncClient, target: str) -> bool:
    try:
        return (await http.get(f"{target}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def _pump(source: SocketStream, sink: SocketStream, tasks: anyio.abc.TaskGroup) -> None:
    try:
        async for data in source:
            await sink.send(data)
    except FAILURES:
        pass
    tasks.cancel_scope.cancel()


@asynccontextmanager
async def load_balanced(*targets: str, affinity: bool = False) -> AsyncIterator[LoadBalancer]:
    balancer = LoadBalancer(list(targets), affinity=affinity)
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        balancer.url = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        tasks.start_soon(balancer.look)
        tasks.start_soon(listener.serve, balancer.serve)
        yield balancer
        tasks.cancel_scope.cancel()
