"""Official clients as tests use them: JavaScript's under node, and Python's."""

import json
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import socketio

HERE = Path(__file__).parent
Happening = tuple[str, Any]


class Dashboard:
    """What happened at one client, in order."""

    def __init__(self) -> None:
        self.happened: list[Happening] = []
        self._more = anyio.Event()

    def add(self, name: str, data: Any) -> None:
        self.happened.append((name, data))
        self._more.set()
        self._more = anyio.Event()

    def of(self, *names: str) -> list[Any]:
        return [data for name, data in self.happened if name in names]

    @property
    def events(self) -> list[Happening]:
        """What the server sent."""
        return [h for h in self.happened if h[0] not in {"connect", "disconnect", "connect_error"}]

    async def until(self, condition: Callable[["Dashboard"], Any], seconds: float = 15) -> None:
        with anyio.move_on_after(seconds):
            while not condition(self):
                await self._more.wait()
            return
        raise AssertionError(f"did not happen: {self.happened}")


@asynccontextmanager
async def javascript(url: str, **options: Any) -> AsyncIterator[Dashboard]:
    """Run the official JavaScript client while the context is open."""
    dashboard = Dashboard()
    arguments = ["node", "dashboard.mjs", url, json.dumps(options)]
    async with (
        await anyio.open_process(arguments, cwd=HERE, stderr=subprocess.DEVNULL) as process,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(_read, process, dashboard)
        try:
            yield dashboard
        finally:
            process.kill()
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def python(url: str, **options: Any) -> AsyncIterator[Dashboard]:
    """Run the official Python client while the context is open."""
    dashboard = Dashboard()
    client = socketio.AsyncClient(reconnection=False)
    client.on("connect", lambda: dashboard.add("connect", None))
    client.on("disconnect", lambda reason: dashboard.add("disconnect", reason))
    client.on("*", lambda name, data: dashboard.add(name, data))
    await client.connect(url, **options)
    try:
        yield dashboard
    finally:
        with anyio.CancelScope(shield=True), anyio.move_on_after(3):
            await client.disconnect()


async def _read(process: anyio.abc.Process, dashboard: Dashboard) -> None:
    assert process.stdout is not None
    held = b""
    async for data in process.stdout:
        *lines, held = (held + data).split(b"\n")
        for line in lines:
            dashboard.add(*json.loads(line))
