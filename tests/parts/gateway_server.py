"""A gateway in this process, over the memory bus, behind a real uvicorn on 127.0.0.1."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import httpx
import uvicorn
from prometheus_client import CollectorRegistry
from starlette.types import Receive, Scope, Send

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
DEAD_REDIS = "redis://127.0.0.1:1/0"


class Running:
    """The gateway, and what of it a test looks at."""

    def __init__(
        self, gateway: Gateway, port: int, bus: MemoryBus, registry: CollectorRegistry, calls: list[str], server: Server
    ) -> None:
        self.gateway = gateway
        self.port = port
        self.stop = server.stop
        self.bus = bus
        self.registry = registry
        self.calls = calls
        """The type of each ASGI call that has not ended."""

    @property
    def connections(self) -> list[EngineSocket]:
        return list(self.gateway.server.eio.sockets.values())

    def token(self, organization_id: str = "a", user_id: str = "u") -> str:
        return HmacTokens(SECRET).issue(user_id, organization_id, Role.VIEWER)

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"runcast_gateway_{name}", labels) or 0.0

    async def publish(self, payload: bytes = b"{}", *, name: str = EXECUTION_LOG, task_id: str = "t") -> str:
        """Publish to organization `a`; return once it was relayed."""
        offset = await self.bus.publish("a", Event(name, task_id, payload))
        await until(lambda: self.gateway.hub.room("a").last_text == offset)
        return offset


@asynccontextmanager
async def running_gateway(*, environment: dict[str, str] | None = None, **options: Any) -> AsyncIterator[Running]:
    """Serve while the context is open; `options` are uvicorn's."""
    settings = GatewaySettings.from_mapping(
        {"JWT_SECRET": SECRET, "REDIS_URL": DEAD_REDIS, "RUNCAST_COALESCE_MS": "0"} | (environment or {})
    )
    bus, registry = MemoryBus(), CollectorRegistry()
    app, calls = create_app(settings, bus=bus, registry=registry), []

    async def counting(scope: Scope, receive: Receive, send: Send) -> None:
        calls.append(scope["type"])
        try:
            await app(scope, receive, send)
        finally:
            calls.remove(scope["type"])

    known = {"access_log": False, "log_config": None, "timeout_graceful_shutdown": 1}
    config = uvicorn.Config(counting, **known | websocket_options(settings.max_message_bytes) | options)
    with listen("127.0.0.1", 0, otherwise="") as listener, _nothing_raised():
        server = Server(config)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            await server.serving.wait()
            app.state.gateway.server.manager_initialized = True  # room operations would go through Redis
            try:
                yield Running(app.state.gateway, listener.getsockname()[1], bus, registry, calls, server)
            finally:
                server.stop()


@contextmanager
def _nothing_raised() -> Iterator[None]:
    """Fail if a callback of the loop raised: nobody else would notice."""
    raised: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, context: raised.append(context))
    try:
        yield
    finally:
        loop.set_exception_handler(before)
    assert not raised


class Polling:
    """A client that polls, request by request."""

    def __init__(self, http: httpx.AsyncClient, port: int) -> None:
        self._http = http
        self._url = f"http://127.0.0.1:{port}/socket.io/?EIO=4&transport=polling"
        self.sid = ""

    @property
    def websocket_path(self) -> str:
        return f"/socket.io/?EIO=4&transport=websocket&sid={self.sid}"

    async def open(self) -> None:
        [opened] = await self.poll()
        self.sid = opened.split('"sid":"')[1].split('"')[0]
        self._url += f"&sid={self.sid}"

    async def poll(self) -> list[str]:
        answer = await self._http.get(self._url)
        assert answer.status_code == 200, answer.text
        return answer.text.split("\x1e")

    async def post(self, *packets: str) -> int:
        return (await self._http.post(self._url, content="\x1e".join(packets))).status_code


@asynccontextmanager
async def polling(port: int) -> AsyncIterator[Polling]:
    async with httpx.AsyncClient(timeout=10, verify=False) as http:
        client = Polling(http, port)
        await client.open()
        yield client
