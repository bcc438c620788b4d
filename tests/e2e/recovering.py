"""Clients that recover: many official JavaScript ones in one process, each with what happened to it in order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio
import orjson

from runcast_core.bus.bus import Bus
from runcast_core.model.events import EXECUTION_LOG, EXECUTION_UPDATED, Event
from tests.e2e.crowd import Crowd, Member, crowd_of

ABOUT_IT = frozenset({"connect", "disconnect", "connect_error", "upgrade", "answer"})


class Watcher(Member):
    """One client."""

    def __init__(self, crowd: Crowd[Any], number: int) -> None:
        super().__init__(crowd, number)
        self.numbers: list[int] = []
        """The events that `Publisher` numbered."""
        self._named: dict[str, list[list[Any]]] = {}

    def add(self, name: str, arguments: list[Any]) -> None:
        super().add(name, arguments)
        self._named.setdefault(name, []).append(arguments)
        if arguments and isinstance(arguments[0], dict) and "n" in arguments[0]:
            self.numbers.append(arguments[0]["n"])

    def of(self, name: str) -> list[list[Any]]:
        """Return the arguments of what happened under this name."""
        return self._named.get(name, [])

    @property
    def connections(self) -> list[list[Any]]:
        """Whether it was recovered, its pid and its transport, for each connection."""
        return self.of("connect")

    @property
    def recovered(self) -> bool:
        """Whether its last connection was."""
        return bool(self.connections[-1][0])

    @property
    def pid(self) -> str:
        return str(self.connections[-1][1])

    @property
    def offset(self) -> str:
        """The last offset it knows."""
        return str([a for name, a in self.happened if name not in ABOUT_IT and isinstance(a[-1], str)][-1][-1])

    async def connected(self, times: int) -> None:
        """Wait until it is so for the so-manieth time, and told."""
        await self.until(lambda w: len(w.of("auth-success")) >= times)


W = TypeVar("W", bound=Watcher)


@asynccontextmanager
async def watchers(url: str, count: int, **options: Any) -> AsyncIterator[Crowd[Watcher]]:
    """Run so many, which come back soon; `options` are the client's own."""
    async with watchers_of(Watcher, url, count, **options) as clients:
        yield clients


@asynccontextmanager
async def watchers_of(kind: type[W], url: str, count: int, **options: Any) -> AsyncIterator[Crowd[W]]:
    soon = {"reconnectionDelay": 20, "reconnectionDelayMax": 100}
    async with crowd_of(kind, url, count, **soon, **options) as clients:
        yield clients


@asynccontextmanager
async def watcher(url: str, token: str, **auth: Any) -> AsyncIterator[Watcher]:
    """One that recovers, over a WebSocket, which is connected."""
    async with watchers(url, 1, auth={"token": token, "recover": True, **auth}, transports=["websocket"]) as clients:
        [one] = clients.clients
        await one.connected(1)
        yield one


class Publisher:
    """Publishes numbered events of an organization, each once; `numbers` are those published, in their order."""

    def __init__(self, bus: Bus, organization_id: str) -> None:
        self._bus = bus
        self._organization_id = organization_id
        self._offsets: dict[int, str] = {}
        self._next = 0
        self._ended = False

    async def publish(self, count: int = 1, *, task_id: str = "t", name: str = EXECUTION_LOG, padding: int = 0) -> None:
        for _ in range(count):
            number, self._next = self._next, self._next + 1
            body = orjson.dumps({"taskId": task_id, "n": number, "padding": "x" * padding})
            self._offsets[number] = await self._bus.publish(self._organization_id, Event(name, task_id, body))

    async def publish_state(self) -> None:
        await self.publish(name=EXECUTION_UPDATED)

    @asynccontextmanager
    async def publishing(self, publishers: int = 1) -> AsyncIterator[None]:
        """Publish while the context is open, each as fast as Redis answers; the last call is waited for."""
        self._ended = False
        async with anyio.create_task_group() as tasks:
            for _ in range(publishers):
                tasks.start_soon(self._run)
            try:
                yield
            finally:
                self._ended = True

    async def _run(self) -> None:
        while not self._ended:
            await self.publish()

    @property
    def numbers(self) -> list[int]:
        return sorted(self._offsets, key=lambda n: tuple(map(int, self._offsets[n].split("-"))))
