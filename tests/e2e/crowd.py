"""Official JavaScript clients in one process, each with what happened to it in order; the process can be paused."""

import json
import signal
import subprocess
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import anyio
import orjson

HERE = Path(__file__).parent


class Member:
    """One of them."""

    def __init__(self, crowd: "Crowd[Any]", number: int) -> None:
        self._crowd = crowd
        self._number = number
        self.happened: list[tuple[str, list[Any]]] = []

    def add(self, name: str, arguments: list[Any]) -> None:
        self.happened.append((name, arguments))

    async def call(self, method: str, *arguments: Any) -> None:
        """Call a method of the client's."""
        await self._crowd.send([self._number, method, arguments])

    async def until(self, condition: Callable[[Self], Any], seconds: float = 20) -> None:
        await self._crowd.until(lambda: condition(self), seconds)


class Client(Member):
    """One that asks, is refused and welcomed."""

    def __init__(self, crowd: "Crowd[Any]", number: int) -> None:
        super().__init__(crowd, number)
        self.moments: list[float] = []
        """When each of what happened was read, on this machine's monotonic clock."""

    def add(self, name: str, arguments: list[Any]) -> None:
        super().add(name, arguments)
        self.moments.append(anyio.current_time())

    def when(self, name: str) -> list[float]:
        """Return the moments of what happened under that name."""
        return [at for (known, _), at in zip(self.happened, self.moments, strict=True) if known == name]

    def of(self, *names: str) -> list[Any]:
        """Return the first argument of what happened under these names."""
        return [arguments[0] if arguments else None for name, arguments in self.happened if name in names]

    @property
    def refusals(self) -> list[str]:
        """The code of each `connect_error`."""
        return [arguments[1] for name, arguments in self.happened if name == "connect_error"]

    async def ask(self, name: str, argument: Any) -> Any:
        """Emit, and return what was acknowledged."""
        known = len(self.of("answer"))
        await self.call("ask", name, argument)
        await self.until(lambda c: len(c.of("answer")) > known)
        return self.of("answer")[known]

    async def welcomed(self, times: int = 1) -> None:
        """Wait until it was let in that often."""
        await self.until(lambda c: len(c.of("auth-success")) >= times)


M = TypeVar("M", bound=Member)


class Crowd(Generic[M]):
    """All of them."""

    def __init__(self, process: anyio.abc.Process, count: int, kind: type[M]) -> None:
        self._process = process
        self.clients = [kind(self, number) for number in range(count)]
        self._more = anyio.Event()

    def pause(self) -> None:
        """Let them neither read nor write."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    async def send(self, command: list[Any]) -> None:
        assert self._process.stdin is not None
        await self._process.stdin.send(json.dumps(command).encode() + b"\n")

    async def read(self) -> None:
        assert self._process.stdout is not None
        held = b""
        async for data in self._process.stdout:
            *lines, held = (held + data).split(b"\n")
            for line in lines:
                number, name, arguments = orjson.loads(line)
                self.clients[number].add(name, arguments)
            self._more.set()
            self._more = anyio.Event()

    async def until(self, condition: Callable[[], Any], seconds: float = 20) -> None:
        with anyio.move_on_after(seconds):
            while not condition():
                await self._more.wait()
            return
        told = [[(name, str(arguments)[:100]) for name, arguments in c.happened[-8:]] for c in self.clients[:3]]
        raise AssertionError(f"did not happen: {told}, times to clients: {self._times()}")

    def _times(self) -> dict[str, Counter[int]]:
        """Return to how many clients each thing happened how often."""
        tallies = [Counter(name for name, _ in client.happened) for client in self.clients]
        return {name: Counter(tally[name] for tally in tallies) for name in set().union(*tallies)}


@asynccontextmanager
async def crowd(url: str, count: int, **options: Any) -> AsyncIterator[Crowd[Client]]:
    """Run so many while the context is open; `options` are the client's own."""
    async with crowd_of(Client, url, count, **options) as clients:
        yield clients


@asynccontextmanager
async def crowd_of(kind: type[M], url: str, count: int, **options: Any) -> AsyncIterator[Crowd[M]]:
    arguments = ["node", "crowd.mjs", url, str(count), json.dumps(options)]
    async with (
        await anyio.open_process(arguments, cwd=HERE, stderr=subprocess.DEVNULL) as process,
        anyio.create_task_group() as tasks,
    ):
        clients = Crowd(process, count, kind)
        tasks.start_soon(clients.read)
        try:
            yield clients
        finally:
            process.kill()
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def official(url: str, token: str, *, transport: str = "websocket", **auth: Any) -> AsyncIterator[Client]:
    """Run a single one, which is let in."""
    options = {"auth": {"token": token, **auth}, "transports": [transport]}
    async with crowd(url, 1, **options) as clients:
        [one] = clients.clients
        await one.welcomed()
        yield one
