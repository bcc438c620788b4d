"""The quiet organization: how long its events take from their publishing to their clients."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
import orjson

from runcast_core.bus.bus import Bus
from runcast_core.model.events import EXECUTION_UPDATED, Event
from tests.e2e.raw_socket import RawSocket, raw_socket

ORGANIZATION = "quiet"
EVENTS_PER_S = 50


class Watchers:
    """Clients that are let in, and read all the while."""

    def __init__(self, sockets: Sequence[RawSocket]) -> None:
        self.sockets = sockets
        self.latencies: list[float] = []
        """Of each event at each client, in seconds."""

    async def read(self, socket: RawSocket) -> None:
        async for packet in socket.connection:
            now = time.perf_counter()
            if packet == "2":
                await socket.connection.send("3")
            elif EXECUTION_UPDATED in str(packet):
                self.latencies.append(now - orjson.loads(str(packet)[2:])[1]["at"])

    async def measured(self, bus: Bus, seconds: float) -> list[float]:
        """Publish for so long; return what was measured. Raises `TimeoutError` if an event did not come."""
        self.latencies = []
        count = round(seconds * EVENTS_PER_S)
        for _ in range(count):
            body = orjson.dumps({"taskId": "t", "at": time.perf_counter()})
            await bus.publish(ORGANIZATION, Event(EXECUTION_UPDATED, "t", body))
            await anyio.sleep(1 / EVENTS_PER_S)
        with anyio.fail_after(10):
            while len(self.latencies) < count * len(self.sockets):  # noqa: ASYNC110 - an event would cost what is timed
                await anyio.sleep(0.01)
        return self.latencies


@asynccontextmanager
async def watching(url: str, tokens: Sequence[str]) -> AsyncIterator[Watchers]:
    async with AsyncExitStack() as stack, anyio.create_task_group() as tasks:
        sockets = [await stack.enter_async_context(raw_socket(url)) for _ in tokens]
        for socket, token in zip(sockets, tokens, strict=True):
            await socket.connect(token)
            await socket.until("auth-success")
        watchers = Watchers(sockets)
        for socket in sockets:
            tasks.start_soon(watchers.read, socket)
        yield watchers
        tasks.cancel_scope.cancel()
