"""Official JavaScript clients in one process, each with what happened to it in order; the process can be paused."""

import json
import signal
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import orjson

HERE = Path(__file__).parent


class Client:
    """One of them."""

    def __init__(self, crowd: "Crowd", number: int) -> None:
        self._crowd = crowd
        self._number = number
        self.happened: list[tuple[str, list[Any]]] = []
        self.moments: list[float] = []
        """When each of these was read, on this machine's monotonic clock."""

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

    async def call(self, method: str, *arguments: Any) -> None:
        """Call a method of the client's."""
        await self._crowd.send([self._number, method, arguments])

    async def ask(self, name: str, argument: Any) -> Any:
        """Emit, and return what was acknowledged."""
        known = len(self.of("answer"))
        await self.call("ask", name, argument)
        await self.until(lambda c: len(c.of("answer")) > known)
        return self.of("answer")[known]

    async def until(self, condition: Callable[["Client"], Any], seconds: float = 20) -> None:
        await self._crowd.until(lambda: condition(self), seconds)

    async def welcomed(self, times: int = 1) -> None:
        """Wait until it was let in that often."""
        await self.until(lambda c: len(c.of("auth-success")) >= times)


class Crowd:
    """All of them."""

    def __init__(self, process: anyio.abc.Process, count: int) -> None:
        self._process = process
        self.clients = [Client(self, number) for number in range(count)]
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
                self.clients[number].happened.append((name, arguments))
                self.clients[number].moments.append(anyio.current_time())
            self._more.set()
            self._more = anyio.Event()

    async def until(self, condition: Callable[[], Any], seconds: float = 20) -> None:
        with anyio.move_on_after(seconds):
            while not condition():
                await self._more.wait()
            return
        told = [[(name, str(arguments)[:100]) for name, arguments in c.happened[-8:]] for c in self.clients[:3]]
        raise AssertionError(f"did not happen: {told}")


@asynccontextmanager
async def crowd(url: str, count: int, **options: Any) -> AsyncIterator[Crowd]:
    """Run so many while the context is open; `options` are the client's own."""
    arguments = ["node", "crowd.mjs", url, str(count), json.dumps(options)]
    async with (
        await anyio.open_process(arguments, cwd=HERE, stderr=subprocess.DEVNULL) as process,
        anyio.create_task_group() as tasks,
    ):
        clients = Crowd(process, count)
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
