"""Stands between an executor and the Docker engine, and does to their connections what networks do."""

import math
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.abc

from tests.conftest import missing


class EngineProxy:
    """Forwards until told otherwise."""

    def __init__(self) -> None:
        self.address = ""
        self.cuts: list[int] = []
        """After how many bytes the next streams of output break."""
        self.gone = anyio.Event()
        """Set it to hang up and refuse connections from then on."""
        self.unanswered = b"\0"
        """Requests that contain it are never answered."""
        self.silent = False
        """Set it to stop forwarding without hanging up, like a host that lost its power."""

    async def serve(self, client: anyio.abc.SocketStream) -> None:
        async with client, await anyio.connect_unix(_engine_path()) as engine, anyio.create_task_group() as asking:
            left = [math.inf]
            asking.start_soon(self._ask, client, engine, left, asking.cancel_scope)
            async for data in engine:
                if self.silent:
                    await anyio.sleep_forever()
                await client.send(data[: int(min(left[0], len(data)))])
                left[0] -= len(data)
                if left[0] <= 0:
                    break
            asking.cancel_scope.cancel()

    async def _ask(self, client, engine, left: list[float], asking: anyio.CancelScope) -> None:
        async for data in client:
            if self.silent or self.unanswered in data:
                await anyio.sleep_forever()
            if b"/logs?" in data and self.cuts:
                left[0] = self.cuts.pop(0)
            await engine.send(data)
        asking.cancel()


def _engine_path() -> str:
    url = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not url.startswith("unix://"):
        missing("the engine has no Unix socket to put a proxy before")
    return url.removeprefix("unix://")


@asynccontextmanager
async def running_proxy() -> AsyncIterator[EngineProxy]:
    _engine_path()
    proxy = EngineProxy()
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:

        async def until_gone() -> None:
            async with listener, anyio.create_task_group() as serving:
                serving.start_soon(listener.serve, proxy.serve)
                await proxy.gone.wait()
                serving.cancel_scope.cancel()

        tasks.start_soon(until_gone)
        proxy.address = f"tcp://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}"
        yield proxy
        tasks.cancel_scope.cancel()
