"""In which order a client gets packets, by hand: polling, in the middle of its change to a WebSocket, and after it."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import httpx
import orjson
import pytest
import uvicorn
import websockets

from runcast_core.access.tokens import HmacTokens
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.accounts import Role
from runcast_core.model.events import EXECUTION_LOG, Event
from runcast_core.serving.start import Server, listen
from runcast_gateway.app import Gateway, create_app
from runcast_gateway.settings import GatewaySettings
from runcast_gateway.transport.direct_websocket import websocket_options
from runcast_gateway.transport.engineio_socket import EngineSocket
from tests.parts.conditions import until

SECRET = "a secret of thirty-two characters, for tests"
MISSED = 130
"""More than a page."""


class Client:
    """Speaks both transports by hand; `expected` is what the server was made to say, in this order."""

    def __init__(self, gateway: Gateway, bus: MemoryBus, http: httpx.AsyncClient, seed: int) -> None:
        self.random = random.Random(seed)
        self.received: list[str] = []
        self.expected: list[str] = []
        self._gateway = gateway
        self._bus = bus
        self._http = http
        self._path = "/socket.io/?EIO=4&transport=polling"
        self._asked = 0
        self._socket: websockets.ClientConnection | None = None
        self._upgraded = False

    @property
    def _connection(self) -> EngineSocket:
        [connection] = self._gateway.server.eio.sockets.values()
        return connection

    async def open(self) -> None:
        """Open the session, and be told in full what was missed."""
        first = await self._bus.publish("o", _event(0))
        missed = [await self._bus.publish("o", _event(n + 1)) for n in range(MISSED)]
        sid = json.loads((await self._http.get(self._path)).text[1:])["sid"]
        self._path += f"&sid={sid}"
        token = HmacTokens(SECRET).issue("u", "o", Role.VIEWER)
        auth = {"token": token, "recover": True, "pid": f"{self._bus.epoch}.o.u.n", "offset": first}
        await self._send("40" + json.dumps(auth))
        self.expected += ["40", '42["auth-success"', *(_packet(n + 1, offset) for n, offset in enumerate(missed))]

    async def go_on(self, steps: int) -> None:
        """Let things happen; a client that polls does so now and then."""
        for _ in range(steps):
            happens = self.random.choice([self._live, self._live, self._ask, self._ping, self._poll])
            await happens()

    async def upgrade(self) -> None:
        """As the JavaScript client does it: probe, end the poll, say that it is done."""
        url = str(self._http.base_url).replace("http", "ws").rstrip("/") + self._path.replace("polling", "websocket")
        self._socket = await websockets.connect(url)
        await self.go_on(5)
        await self._socket.send("2probe")
        assert await self._socket.recv() == "3probe"
        await self.go_on(5)
        await self._take()
        await self.go_on(5)
        await self._socket.send("5")
        await until(lambda: self._connection.upgraded)
        self._upgraded = True

    async def finish(self) -> None:
        """Receive what is still on its way."""
        assert self._socket is not None
        while len(self.received) < len(self.expected):
            self.received.append(str(await self._socket.recv()))
        await self._socket.close()

    async def _send(self, text: str) -> None:
        if self._upgraded and self._socket is not None:
            await self._socket.send(text)
        else:
            assert (await self._http.post(self._path, content=text)).text == "OK"

    async def _live(self) -> None:
        number = 1000 + len(self.expected)
        offset = await self._bus.publish("o", _event(number))
        self.expected.append(_packet(number, offset))
        room = self._gateway.hub.room("o")
        await until(lambda: room.last_text == offset)
        room.flush()

    async def _ask(self) -> None:
        """Wait until the answer was written, as what follows it has to come after it."""
        self._asked += 1
        await self._send(f'42{self._asked}["watch",{{"taskId":1}}]')
        refused = self._gateway.server._with.metrics.refused.labels("INVALID_TASK_ID")._value
        await until(lambda: refused.get() >= self._asked)
        self.expected.append(f"43{self._asked}[")

    async def _ping(self) -> None:
        self._connection._ping()
        self.expected.append("2")

    async def _poll(self) -> None:
        if not self._upgraded and self._connection.queue.qsize():
            await self._take()

    async def _take(self) -> None:
        packets = (await self._http.get(self._path)).text.split("\x1e")
        self.received += [packet for packet in packets if packet != "6"]


def _event(number: int) -> Event:
    return Event(EXECUTION_LOG, "t", orjson.dumps({"n": number}))


def _packet(number: int, offset: str) -> str:
    return f'42["execution-log",{{"n":{number}}},"{offset}"]'


@asynccontextmanager
async def _served(bus: MemoryBus) -> AsyncIterator[tuple[Gateway, str]]:
    settings = GatewaySettings.from_mapping({"JWT_SECRET": SECRET})
    app = create_app(settings, bus=bus)
    with listen("127.0.0.1", 0, otherwise="") as listener:
        config = uvicorn.Config(app, access_log=False, log_config=None, **websocket_options(65_536))
        server = Server(config)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            await server.serving.wait()
            app.state.gateway.server.manager_initialized = True  # room operations would need a Redis
            yield app.state.gateway, f"http://127.0.0.1:{listener.getsockname()[1]}"
            server.stop()


@pytest.mark.parametrize("seed", range(12))
async def test_nothing_overtakes_anything(seed: int):
    """CONNECT, `auth-success`, what was missed, live events, acknowledgements, pings: as they were said, each once."""
    bus = MemoryBus()
    with anyio.fail_after(20):
        async with _served(bus) as (gateway, url), httpx.AsyncClient(base_url=url) as http:
            client = Client(gateway, bus, http, seed)
            await client.open()
            await client.go_on(client.random.randrange(20))
            await client.upgrade()
            await client.go_on(15)
            await client.finish()
    assert [_shortened(r, e) for r, e in zip(client.received, client.expected, strict=True)] == client.expected


def _shortened(received: str, expected: str) -> str:
    """Return as much of a packet as is expected; of events all."""
    return received if expected.startswith('42["execution') or expected == "2" else received[: len(expected)]
