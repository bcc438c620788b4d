"""How a program starts: on a port that it holds before it touches anything, or with one line that says why not."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import anyio.lowlevel
import uvicorn

from runcast_core.model.errors import RuncastError, SettingError, messages

_BACKLOG = 2048
_TICK_S = 1.0


class Server(uvicorn.Server):
    """uvicorn without its signal handlers, for programs that drain first; `serving` is set once it accepts."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.serving = anyio.Event()
        self._stopped = anyio.Event()

    def stop(self) -> None:
        """Let `serve` finish its requests and return."""
        self.should_exit = True
        self._stopped.set()

    async def main_loop(self) -> None:
        """As uvicorn's, but it looks at its clock once a second, for the `Date` header, and not ten times."""
        while not await self.on_tick(0):
            with anyio.move_on_after(_TICK_S):
                await self._stopped.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn's, which tells the connections that it knows to end, once: of one that uvloop has just accepted it
        knows in the next turn of the event loop, and would wait for it in vain."""
        for server in self.servers:
            server.close()
        await anyio.lowlevel.checkpoint()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int, *, otherwise: str) -> socket.socket:
    """Return a bound socket. Raises `SettingError`, which ends in what to do `otherwise`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as exc:
        raise SettingError(f"{host}:{port} cannot be used ({exc.strerror}); {otherwise}") from exc


@contextmanager
def faults_told(program: str) -> Iterator[None]:
    """End the program with status 1 and one line of what its errors say, instead of a traceback."""
    faults: list[str] = []
    try:
        yield
    except* RuncastError as group:
        faults = messages(group)
    if faults:
        sys.exit(f"{program}: {'; '.join(faults)}")
