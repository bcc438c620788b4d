"""A TCP proxy before a server, which can be made to fail as networks do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio.abc import SocketAttribute, SocketStream


class Proxy:
    """Forwards until told otherwise."""

    def __init__(self, target_port: int) -> None:
        self.target_port = target_port
        """Where new connections go."""
        self.port = 0
        self.connections = 0
        self.losing_replies = False
        """Set it to let requests pass and no reply."""
        self.losing_a_reply = False
        """Set it to lose only the next one."""
        self._frozen: set[int] = set()

    def freeze(self) -> None:
        """Let nothing more pass on the connections that there are; whoever has one does not notice."""
        self._frozen = set(range(self.connections))

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    async def serve(self, client: SocketStream) -> None:
        number, self.connections = self.connections, self.connections + 1
        try:
            connected = await anyio.connect_tcp("127.0.0.1", self.target_port)
        except OSError:
            await client.aclose()
            return
        async with client, connected as server, anyio.create_task_group() as tasks:
            tasks.start_soon(self._pump, client, server, number, False, tasks)
            tasks.start_soon(self._pump, server, client, number, True, tasks)

    async def _pump(
        self, source: SocketStream, sink: SocketStream, number: int, replies: bool, tasks: anyio.abc.TaskGroup
    ) -> None:
        try:
            async for data in source:
                if number in self._frozen or (replies and (self.losing_replies or self.losing_a_reply)):
                    self.losing_a_reply = False
                    continue
                await sink.send(data)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass
        if number not in self._frozen:
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def proxied(target_port: int, port: int = 0) -> AsyncIterator[Proxy]:
    proxy = Proxy(target_port)
    listening = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    async with listening as listener, anyio.create_task_group() as tasks:
        proxy.port = listener.extra(SocketAttribute.local_port)
        tasks.start_soon(listener.serve, proxy.serve)
        yield proxy
        tasks.cancel_scope.cancel()
