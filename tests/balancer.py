"""A TCP load balancer before gateways, which a test lets choose, and break connections."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import httpx
from anyio.abc import SocketAttribute, SocketStream

FAILURES = (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError)


class Balancer:
    """Sends each new connection to the first target that accepts it."""

    def __init__(self, targets: Sequence[str]) -> None:
        self.targets = list(targets)
        self.url = ""
        self._scopes: set[anyio.CancelScope] = set()

    @property
    def connections(self) -> int:
        return len(self._scopes)

    def turn(self) -> None:
        """Send new connections to the next target."""
        self.targets.append(self.targets.pop(0))

    def cut(self) -> None:
        """Break every connection at once, whatever is on its way."""
        for scope in self._scopes:
            scope.cancel()

    async def serve(self, client: SocketStream) -> None:
        with anyio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                async with client, AsyncExitStack() as stack:
                    server = await self._connected()
                    if server is not None:
                        await stack.enter_async_context(server)
                        async with anyio.create_task_group() as tasks:
                            tasks.start_soon(self._pump, client, server, tasks)
                            tasks.start_soon(self._pump, server, client, tasks)
            finally:
                self._scopes.discard(scope)

    async def _connected(self) -> SocketStream | None:
        for target in self.targets:
            url = httpx.URL(target)
            try:
                return await anyio.connect_tcp(url.host, url.port or 80)
            except OSError:
                continue
        return None

    async def _pump(self, source: SocketStream, sink: SocketStream, tasks: anyio.abc.TaskGroup) -> None:
        try:
            async for data in source:
                await sink.send(data)
        except FAILURES:
            pass
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def balanced(*targets: str) -> AsyncIterator[Balancer]:
    balancer = Balancer(targets)
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        balancer.url = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        tasks.start_soon(listener.serve, balancer.serve)
        yield balancer
        tasks.cancel_scope.cancel()
