"""A TCP load balancer before gateways, which a test lets choose, and break connections."""

import math
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import anyio.abc
import httpx
from anyio.abc import SocketAttribute, SocketStream

FAILURES = (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError)

NOOP = re.compile(rb"(^|\r\n)1\r\n6\r\n")
"""In an answer of uvicorn's to a poll: a chunk of one byte, which is Engine.IO's NOOP."""


class Balancer:
    """Sends each new connection to the first target that accepts it."""

    def __init__(self, targets: Sequence[str]) -> None:
        self.targets = list(targets)
        self.url = ""
        self._scopes: set[anyio.CancelScope] = set()
        self._released = anyio.Event()
        self._held_after = math.inf
        self.websockets = anyio.Event()
        """Put an event that is not set here, and WebSockets open no sooner than it is."""
        self.websockets.set()
        self.held = anyio.Event()
        """Set once an answer to a poll is held."""
        self.probed = anyio.Event()
        """Set once a WebSocket that is to take over was answered."""
        self._noops = anyio.Event()
        self._noops.set()

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

    def hold(self, size: int) -> None:
        """Let so many bytes pass to a client on each new connection, and no more: as a client that stops reading."""
        self._held_after, self._released = size, anyio.Event()

    def release(self) -> None:
        self._held_after = math.inf
        self._released.set()

    def hold_noops(self) -> None:
        """Keep the answers that end a client's polls while it changes to a WebSocket."""
        self._noops, self.held = anyio.Event(), anyio.Event()

    def release_noops(self) -> None:
        self._noops.set()

    async def serve(self, client: SocketStream) -> None:
        with anyio.CancelScope() as scope:
            self._scopes.add(scope)
            try:
                async with client, AsyncExitStack() as stack:
                    server = await self.connected()
                    if server is not None:
                        await stack.enter_async_context(server)
                        async with anyio.create_task_group() as tasks:
                            tasks.start_soon(self._pump, client, server, math.inf, tasks)
                            tasks.start_soon(self._pump, server, client, self._held_after, tasks)
            finally:
                self._scopes.discard(scope)

    async def connected(self) -> SocketStream | None:
        """Return a connection to the target whose turn it is; None if there is none."""
        return await self._first(self.targets)

    async def _first(self, targets: Sequence[str]) -> SocketStream | None:
        for target in targets:
            url = httpx.URL(target)
            try:
                return await anyio.connect_tcp(url.host, url.port or 80)
            except OSError:
                continue
        return None

    async def _pump(self, source: SocketStream, sink: SocketStream, most: float, tasks: anyio.abc.TaskGroup) -> None:
        try:
            async for data in source:
                if b"transport=websocket" in data:
                    await self.websockets.wait()
                if b"3probe" in data:
                    self.probed.set()
                if NOOP.search(data) and not self._noops.is_set():
                    self.held.set()
                    await self._noops.wait()
                await sink.send(data)
                most -= len(data)
                if most <= 0:
                    await self._released.wait()
        except FAILURES:
            pass
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def balanced(*targets: str) -> AsyncIterator[Balancer]:
    balancer = Balancer(targets)
    async with listening(balancer):
        yield balancer


@asynccontextmanager
async def listening(balancer: Balancer) -> AsyncIterator[None]:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        balancer.url = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        tasks.start_soon(listener.serve, balancer.serve)
        yield
        tasks.cancel_scope.cancel()
