"""Composes the gateway: broker, hub and Socket.IO server in one Starlette application."""

import logging
import secrets
from collections.abc import AsyncIterator, Set
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import anyio
from anyio.abc import TaskGroup
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from runcast_core.access.key_verifier import KeyVerifier
from runcast_core.access.verifier import token_verifier
from runcast_core.bus.bus import Bus
from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.model.errors import BusUnavailable
from runcast_core.serving.probes import probe_routes
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.protocol import socketio_server as protocol
from runcast_gateway.protocol.admission import Admission
from runcast_gateway.protocol.commands import Commands
from runcast_gateway.protocol.recovery import Recovery
from runcast_gateway.protocol.room_manager import RoomManager
from runcast_gateway.protocol.socketio_server import GatewayServer
from runcast_gateway.relay.broker import Broker
from runcast_gateway.relay.hub import Hub
from runcast_gateway.relay.revocations import Revocations
from runcast_gateway.sessions.drain import Drain
from runcast_gateway.sessions.expiry import Expiry
from runcast_gateway.sessions.presence import PresenceReporter
from runcast_gateway.settings import GatewaySettings
from runcast_gateway.transport import engine
from runcast_gateway.transport.input_guard import InputGuard

SOCKETS = "/socket.io/"


class Gateway:
    """One gateway's parts, wired. `application` is what serves `/socket.io/`; what outlives a call of it runs in
    `tasks`."""

    def __init__(self, settings: GatewaySettings, bus: Bus, registry: CollectorRegistry, tasks: TaskGroup) -> None:
        self.bus = bus
        self._tasks = tasks
        metrics = GatewayMetrics(registry)
        bounds = settings.bounds
        verifier = KeyVerifier(token_verifier(settings), bus)
        self.presence = PresenceReporter(bus, secrets.token_hex(8))
        self.hub = Hub(metrics, bounds, on_change=self.presence.changed)
        self.revocations = Revocations(bus)
        self.broker = Broker(bus, self.hub, self.revocations, metrics, linger_s=settings.linger_s)
        self.expiry = Expiry(self.hub, warn_s=settings.expiry_warning_s)
        recovery = Recovery(bus, metrics)
        admission = Admission(self.hub, self.broker, recovery, self.revocations, self.expiry, bounds)
        commands = Commands(self.hub, verifier, self.expiry, self.revocations, metrics, max_watched=bounds.watched)
        self.server = GatewayServer(
            protocol.Collaborators(verifier, admission, commands, self.hub, metrics, bounds),
            engine.Collaborators(bounds, self.hub, tasks, metrics.refuse, metrics.slow_sockets.inc),
            **_options(settings, RoomManager(settings.redis_url, metrics)),
        )
        self.drain = Drain(self.server.eio.sockets.values, window_s=settings.drain_s)
        self.application = InputGuard(
            self.server.application(), max_bytes=settings.max_message_bytes, refused=metrics.refuse
        )

    async def start(self) -> None:
        """Return once it relays."""
        await self._tasks.start(self.broker.run)
        self._tasks.start_soon(self.expiry.run, self.server.expel)
        self._tasks.start_soon(self.revocations.run, self._expel_revoked)
        self._tasks.start_soon(self.presence.run, self.hub.presence)

    def _expel_revoked(self, organization_id: str, subjects: Set[str]) -> None:
        for socket in self.hub.sockets(organization_id, subjects):
            if self.revocations.refuses(socket.claims):
                self.server.expel(socket)


@asynccontextmanager
async def running_gateway(settings: GatewaySettings, bus: Bus, registry: CollectorRegistry) -> AsyncIterator[Gateway]:
    """Relay while the context is open."""
    async with anyio.create_task_group() as tasks:
        gateway = Gateway(settings, bus, registry, tasks)
        await gateway.start()
        yield gateway
        tasks.cancel_scope.cancel()


def _options(settings: GatewaySettings, manager: RoomManager) -> dict[str, Any]:
    """Return what python-socketio and python-engineio are told."""
    return {
        "async_mode": "asgi",
        "client_manager": manager,
        "cors_allowed_origins": settings.allowed_origins,
        "max_http_buffer_size": settings.max_message_bytes,
        "ping_interval": settings.ping_interval_s,
        "ping_timeout": settings.ping_timeout_s,
        "monitor_clients": False,
        "async_handlers": False,
        "logger": _quiet("runcast.socketio"),
        "engineio_logger": _quiet("runcast.engineio"),
    }


def _quiet(name: str) -> logging.Logger:
    """Return a logger for a library which, left alone, writes to standard error by itself and, asked for more than
    warnings, writes packets with tokens in them."""
    logger = logging.getLogger(name)
    logger.setLevel(logging.WARNING)
    return logger


class Application(Starlette):
    """The probes; and the sockets, which need nothing of Starlette's and do not pay for it when everybody connects at
    once."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and scope["path"].startswith(SOCKETS):
            await self.state.gateway.application(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(
    settings: GatewaySettings, *, bus: Bus | None = None, registry: CollectorRegistry | None = None
) -> Starlette:
    """Return the gateway's application; it opens its own bus unless given one."""
    counters = registry or CollectorRegistry()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            opened = bus if bus is not None else await stack.enter_async_context(open_redis_bus(settings.redis_url))
            app.state.gateway = await stack.enter_async_context(running_gateway(settings, opened, counters))
            yield

    async def ping() -> None:
        if app.state.gateway.drain.started:
            raise BusUnavailable("the gateway is leaving")
        app.state.gateway.broker.check()
        await app.state.gateway.bus.ping()

    app = Application(routes=probe_routes({"redis": ping}, counters), lifespan=lifespan)
    return app
