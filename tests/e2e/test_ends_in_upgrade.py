"""Connections that end while the official JavaScript client, with its default transports, changes to a WebSocket.

It is held where it has stopped to poll and does not use the WebSocket yet: whoever closes that now without a word makes
it wait for a ping, 45 seconds long.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import anyio
import pytest

from runcast_core.access.tokens import Claims, TokenVerifier, refused
from runcast_core.model.errors import KeysUnavailable
from runcast_gateway.transport.engineio_socket import EngineSocket
from tests.e2e.dashboard import Dashboard, javascript
from tests.parts.balancer import Balancer, balanced
from tests.parts.conditions import until
from tests.parts.gateway_server import Running, running_gateway

pytestmark = pytest.mark.usefixtures("javascript_client")

SOON_S = 5
"""Within which a client is back; it tries again after 0.2 seconds at most."""
TOO_EARLY_S = 0.5
"""A WebSocket that is closed too early is closed within that."""


@dataclass
class Verifier:
    """Verifies as another does, but its first answer is given when a test says so, and what it says."""

    others: TokenVerifier
    told: anyio.Event = field(default_factory=anyio.Event)
    instead: Exception | None = None
    asked: int = 0

    async def verify(self, token: object) -> Claims:
        self.asked += 1
        if self.asked == 1:
            await self.told.wait()
            if self.instead is not None:
                raise self.instead
        return await self.others.verify(token)

    def answer(self, instead: Exception | None = None) -> None:
        self.instead = instead
        self.told.set()


@dataclass
class Scene:
    """A gateway with one client in the middle of an upgrade."""

    running: Running
    balancer: Balancer
    verifier: Verifier
    dashboard: Dashboard
    connection: EngineSocket

    async def finish_upgrade(self) -> None:
        """Let the client go on, to a WebSocket that was not closed in between."""
        with anyio.move_on_after(TOO_EARLY_S) as waited:
            await until(lambda: "websocket" not in self.running.calls)
        assert waited.cancelled_caught, "closed before the client used it"
        self.balancer.release_noops()

    async def admitted(self) -> None:
        self.verifier.answer()
        await until(lambda: self.connection.socket)


@asynccontextmanager
async def _upgrading(ordinary: bool = False, **environment: str) -> AsyncIterator[Scene]:
    options = {"ws": "websockets-sansio"} if ordinary else {}
    async with running_gateway(environment=environment, **options) as running:
        server = running.gateway.server
        verifier = Verifier(server._with.verifier)
        server._with = replace(server._with, verifier=verifier)
        async with balanced(f"http://127.0.0.1:{running.port}") as balancer:
            balancer.hold_noops()
            async with javascript(balancer.url, auth={"token": running.token()}) as dashboard:
                await until(lambda: balancer.held.is_set() and balancer.probed.is_set())
                [connection] = running.connections
                await until(lambda: verifier.asked and connection.upgrading)
                yield Scene(running, balancer, verifier, dashboard, connection)


async def _postponed(scene: Scene) -> None:
    scene.verifier.answer(KeysUnavailable("nobody can be asked"))


async def _failed(scene: Scene) -> None:
    scene.verifier.answer(ZeroDivisionError())


async def _unheard(scene: Scene) -> None:
    """Its token is not verified before the deadline of the handshake."""


async def _cut(scene: Scene) -> None:
    await scene.admitted()
    scene.connection.abort()


async def _drained(scene: Scene) -> None:
    await scene.admitted()
    await scene.running.gateway.drain.run()


async def _hung_up(scene: Scene) -> None:
    scene.running.gateway.drain.hang_up()


async def _said_too_much(scene: Scene) -> None:
    for _ in range(scene.running.gateway.server._with.bounds.messages_per_s * 2 + 1):
        scene.connection.on_text("3")


ENDS = [_postponed, _failed, _unheard, _cut, _drained, _hung_up, _said_too_much]


@pytest.mark.parametrize("ordinary", [False, True], ids=["direct", "ordinary"])
@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__.strip("_"))
async def test_who_is_to_come_back_does_so_at_once(end: Callable[[Scene], Awaitable[None]], ordinary: bool):
    """By itself, and it is let in then."""
    deadline = {"RUNCAST_HANDSHAKE_TIMEOUT": "1"} if end is _unheard else {}
    async with _upgrading(ordinary, RUNCAST_DRAIN_WINDOW="0.2", **deadline) as scene:
        await end(scene)
        await until(lambda: scene.connection not in scene.running.connections)
        await scene.finish_upgrade()
        await scene.dashboard.until(lambda d: d.of("disconnect"), SOON_S)
        scene.verifier.answer()
        await scene.dashboard.until(lambda d: d.happened[-1:] and d.happened[-1][0] == "auth-success", SOON_S)
        assert scene.dashboard.of("auth-error") == []


async def _refused(scene: Scene) -> None:
    scene.verifier.answer(refused())


async def _expelled(scene: Scene) -> None:
    await scene.admitted()
    scene.running.gateway.server.expel(scene.connection.socket)


@pytest.mark.parametrize("end", [_refused, _expelled], ids=lambda end: end.__name__.strip("_"))
async def test_who_is_to_stay_away_is_told_so(end: Callable[[Scene], Awaitable[None]]):
    """By the WebSocket, as its polls say nothing any more."""
    async with _upgrading() as scene:
        await end(scene)
        await scene.finish_upgrade()
        await scene.dashboard.until(lambda d: d.of("disconnect"), SOON_S)
        assert scene.dashboard.of("auth-error") == [{"error": "Invalid or expired token"}]
        assert scene.dashboard.of("disconnect") == ["io server disconnect"]
        await until(lambda: not scene.running.connections)
        assert scene.verifier.asked == 1


async def test_a_gateway_that_stops_leaves_nobody_waiting():
    """Although it has no time for anybody any more."""
    async with running_gateway() as other, _upgrading() as scene:
        scene.balancer.targets.append(f"http://127.0.0.1:{other.port}")
        scene.running.gateway.drain.hang_up()
        scene.running.stop()
        await until(lambda: scene.connection not in scene.running.connections)
        await scene.finish_upgrade()
        await scene.dashboard.until(lambda d: d.of("auth-success"), SOON_S)
