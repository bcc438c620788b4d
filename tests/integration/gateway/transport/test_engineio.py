"""What the gateway overrides of python-engineio, in process: red where an upgrade breaks it."""

import asyncio
import hashlib
import inspect
from collections.abc import AsyncIterator
from dataclasses import replace
from importlib.metadata import version
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
from engineio import AsyncServer, async_server, exceptions, packet
from engineio.async_drivers import asgi
from engineio.async_socket import AsyncSocket
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from runcast_core.access.tokens import Claims, HmacTokens
from runcast_core.bus.bus import Delivery
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.accounts import Role
from runcast_core.model.events import Event
from runcast_gateway.app import Gateway
from runcast_gateway.relay.frame import Frames
from runcast_gateway.relay.socket import Socket
from runcast_gateway.settings import GatewaySettings
from runcast_gateway.transport import engineio_socket
from runcast_gateway.transport.carrier import MAX_POLLED
from runcast_gateway.transport.engineio_socket import EngineSocket
from runcast_gateway.transport.upgrade import UpgradingSocket

OVERRIDDEN = {
    "AsyncSocket.poll": "826f58a9",
    "AsyncSocket.receive": "a91ae36e",
    "AsyncSocket.send": "0437276c",
    "AsyncSocket.handle_get_request": "05eaae9f",
    "AsyncSocket.handle_post_request": "82dca119",
    "AsyncSocket.close": "faa2e939",
    "AsyncSocket.schedule_ping": "fe316639",
    "AsyncSocket._upgrade_websocket": "820b83ef",
    "AsyncSocket._websocket_handler": "27f120df",
    "AsyncServer.disconnect": "8bb6448c",
    "AsyncServer.handle_request": "1a8c878e",
    "AsyncServer._handle_connect": "5bd7edc1",
    "AsyncServer._trigger_event": "4a09b6e4",
    "asgi.translate_request": "39e74733",
}
"""What is overridden of python-engineio, or relied upon, and the beginning of the SHA-256 of its source."""
KINDS = SimpleNamespace(AsyncSocket=AsyncSocket, AsyncServer=AsyncServer)
SECRET = "a secret of thirty-two characters, for tests"


@pytest.fixture
async def gateway() -> AsyncIterator[Gateway]:
    settings = GatewaySettings.from_mapping({"JWT_SECRET": SECRET, "RUNCAST_PING_TIMEOUT": "0.1"})
    registry = CollectorRegistry()
    async with anyio.create_task_group() as tasks:
        gateway = Gateway(settings, MemoryBus(), registry, tasks)
        gateway.registry = registry
        yield gateway
        tasks.cancel_scope.cancel()


def _queued(gateway: Gateway, count: int, **others: Any) -> EngineSocket:
    """Return a connection with so much in its queue, and perhaps other collaborators than the gateway's."""
    gateway.server.eio.collaborators = replace(gateway.server.eio.collaborators, **others)
    connection = UpgradingSocket(gateway.server.eio, "c1")
    gateway.server.eio.sockets["c1"] = connection
    for number in range(count):
        connection.queue.put_nowait(packet.Packet(packet.MESSAGE, data=str(number)))
    return connection


async def test_a_poll_takes_no_more_than_every_client_accepts(gateway: Gateway):
    """In order, and the rest with the next one."""
    connection = _queued(gateway, MAX_POLLED + 3)
    taken = [[taken.data for taken in await connection.poll()] for _ in range(2)]
    assert taken == [[str(n) for n in range(MAX_POLLED)], [str(n) for n in range(MAX_POLLED, MAX_POLLED + 3)]]


async def test_the_end_of_the_queue_stays_the_end(gateway: Gateway):
    """What was queued before comes first; then every poll is empty."""
    connection = _queued(gateway, 2)
    connection.queue.put_nowait(None)
    assert [taken.data for taken in await connection.poll()] == ["0", "1"]
    assert await connection.poll() == []


async def test_a_poll_without_anything_ends(gateway: Gateway):
    """After the time in which the client must have been heard of."""
    gateway.server.eio.ping_interval = 0.01
    with anyio.fail_after(5), pytest.raises(exceptions.QueueEmpty):
        await _queued(gateway, 0).poll()


async def test_disconnecting_does_not_wait_for_a_client_that_does_not_read(gateway: Gateway):
    """The stock server waits until its queue was read, which may be never."""
    connection = _queued(gateway, 2)
    with anyio.fail_after(5):
        await gateway.server.eio.disconnect("c1")
        await gateway.server.eio.disconnect("unknown")
    assert connection.closed
    assert "c1" not in gateway.server.eio.sockets


def test_what_is_overridden_of_engineio_is_as_it_was():
    """Read the new version of what is named here, and `engineio_socket`, before the figures are changed."""
    assert version("python-engineio").startswith("4.15.")
    sources = {
        f"{kind.__name__}.{name}": getattr(kind, name) for kind in (AsyncSocket, AsyncServer) for name in dir(kind)
    } | {"asgi.translate_request": asgi.translate_request}
    digests = {name: hashlib.sha256(inspect.getsource(sources[name]).encode()).hexdigest()[:8] for name in OVERRIDDEN}
    assert digests == OVERRIDDEN


def test_connections_are_of_our_kind():
    """python-engineio names the class of its connections in a private place."""
    assert "async_socket.AsyncSocket(self, sid)" in inspect.getsource(AsyncServer._handle_connect)
    assert async_server.async_socket.AsyncSocket is UpgradingSocket


async def test_who_does_not_read_the_answers_may_not_ask_on(gateway: Gateway, monkeypatch: pytest.MonkeyPatch):
    """However seldom something happens in its organization."""
    refusals: list[str] = []
    connection = _queued(gateway, 0, refused=refusals.append)
    hard = gateway.server.eio.collaborators.bounds.hard_bytes
    monkeypatch.setattr(connection, "buffered", lambda: hard)
    assert connection.admit()
    monkeypatch.setattr(connection, "buffered", lambda: hard + 1)
    assert not connection.admit()
    assert refusals == ["unread"]


async def test_who_sends_as_much_as_it_may_is_never_refused(gateway: Gateway, monkeypatch: pytest.MonkeyPatch):
    """Twice a second's worth at one moment, then a second's worth each second, however it is spread."""
    clock = [1000.7]
    monkeypatch.setattr(engineio_socket.time, "monotonic", lambda: clock[0])
    refusals: list[str] = []
    connection = _queued(gateway, 0, refused=refusals.append)
    rate = gateway.server.eio.collaborators.bounds.messages_per_s
    for _ in range(20):
        clock[0] += 1.9
        assert all(connection.admit() for _ in range(round(1.9 * rate)))
    clock[0] += 10
    assert all(connection.admit() for _ in range(2 * rate))
    assert not connection.admit()
    clock[0] += 1
    assert all(connection.admit() for _ in range(rate - 1))
    assert not connection.admit()
    assert refusals == ["messages"] * 2


async def test_a_poll_is_relieved_when_half_of_the_bound_is_left(gateway: Gateway):
    """What piles up for a client that polls counts like another's buffer."""
    told: list[str] = []
    connection = _queued(gateway, 0, listener=Told(told))
    connection.socket = Socket("s", Claims("u", "o", Role.VIEWER, 0), connection)
    soft = gateway.server.eio.collaborators.bounds.soft_bytes
    for _ in range(3):
        connection.write(Frames([b"x" * (soft // 2)]))
    assert told == ["congested"]
    waiting = asyncio.ensure_future(connection.drained())
    await anyio.wait_all_tasks_blocked()
    assert not waiting.done()
    await connection.poll()
    await waiting
    assert told == ["congested", "drained"]
    await connection.drained()


class Told:
    """A listener that keeps what it is told."""

    def __init__(self, told: list[str]) -> None:
        self._told = told

    def congested(self, _socket: Socket) -> None:
        self._told.append("congested")

    def drained(self, _socket: Socket) -> None:
        self._told.append("drained")

    def lost(self, _socket: Socket) -> None:
        self._told.append("lost")


async def test_a_socket_on_a_connection_that_is_congested_already_is_slow(gateway: Gateway):
    """As after a DISCONNECT and another CONNECT without reading: else nothing would bound what piles up."""
    told: list[str] = []
    connection = _queued(gateway, 0, listener=Told(told))
    connection.write(Frames([b"x" * (gateway.server.eio.collaborators.bounds.soft_bytes + 1)]))
    assert told == []
    connection.carry(Socket("s", Claims("u", "o", Role.VIEWER, 0), connection))
    assert told == ["congested"]


async def test_who_waits_for_relief_is_told_when_the_connection_is_gone(gateway: Gateway):
    """And so are those who ask later."""
    connection = _queued(gateway, 0)
    connection.write(Frames([b"x" * (gateway.server.eio.collaborators.bounds.soft_bytes + 1)]))
    waiting = asyncio.ensure_future(connection.drained())
    await anyio.wait_all_tasks_blocked()
    await connection.close(abort=True)
    with anyio.fail_after(5):
        await waiting
        await connection.drained()


async def test_a_client_that_polls_and_says_goodbye_leaves_nothing(gateway: Gateway):
    """Whether a poll of it waits or not; nobody comes to fetch a CLOSE packet."""
    connection = _queued(gateway, 0)
    poll = asyncio.ensure_future(connection.poll())
    await anyio.wait_all_tasks_blocked()
    await connection.receive(packet.Packet(packet.CLOSE))
    with anyio.fail_after(5):
        assert await poll == []
    assert gateway.server.eio.sockets == {}
    assert not connection._heartbeat.running


@pytest.mark.parametrize("error", [OSError("gone"), RuntimeError("closed already"), KeyError("what a server does")])
async def test_a_websocket_that_cannot_be_closed_hurts_nobody(gateway: Gateway, error: Exception):
    """It was closed in the same moment; an error of that task would end the whole gateway."""

    async def asgi_send(_message: object) -> None:
        raise error

    async with anyio.create_task_group() as tasks:
        connection = _queued(gateway, 0, tasks=tasks)
        connection.asgi_send = asgi_send
        connection.end()
        connection.end()
    assert connection.closed
    assert gateway.server.eio.sockets == {}


async def test_what_a_client_said_before_it_left_is_not_handled_any_more(gateway: Gateway):
    """Nobody is there to be answered, or closed for it."""
    handled: list[str] = []
    going_on = asyncio.Event()

    async def handle(_sid: str, data: str) -> None:
        handled.append(data)
        await going_on.wait()

    gateway.server.eio.handlers["message"] = handle
    async with anyio.create_task_group() as tasks:
        connection = _queued(gateway, 0, tasks=tasks)
        for text in ("4a", "4b", "4c"):
            connection.on_text(text)
        await anyio.wait_all_tasks_blocked()
        connection.on_lost()
        going_on.set()
    assert handled == ["a"]
    assert connection._unhandled is None


async def test_a_handler_that_fails_ends_that_connection_alone(gateway: Gateway):
    """It is logged; the task group goes on."""

    async def handle(_sid: str, _data: str) -> None:
        raise ValueError("a bug")

    gateway.server.eio.handlers["message"] = handle
    with capture_logs() as logs:
        async with anyio.create_task_group() as tasks:
            _queued(gateway, 0, tasks=tasks).on_text("4a")
    assert [entry["event"] for entry in logs] == ["Handler failed"]


async def test_a_message_of_nobody_is_dropped(gateway: Gateway):
    """Its connection was forgotten while it waited to be handled."""
    for text in ("x", '0{"token":1}', "1", '2["watch",{}]'):
        await gateway.server._handle_eio_message("gone", text)


async def test_a_connection_that_goes_while_it_connects_leaves_nothing(gateway: Gateway):
    """Neither a room nor a name that is looked through at each later connection."""
    token = HmacTokens(SECRET).issue("u", "o", Role.VIEWER)
    async with anyio.create_task_group() as tasks:
        await tasks.start(gateway.broker.run)
        await gateway.server._handle_connect("gone", "/", {"token": token})
        tasks.cancel_scope.cancel()
    assert gateway.server.manager.rooms == {}
    assert gateway.server.manager.pending_disconnect == {}
    assert not gateway.hub.holds("o")


async def test_who_is_cut_off_is_cut_off_once(gateway: Gateway):
    """However much more comes in the same moment, before the connection has ended."""
    async with anyio.create_task_group() as tasks:
        connection = _queued(gateway, 0, tasks=tasks)
        claims = Claims("u", "a", Role.VIEWER, 10**10)
        connection.socket = Socket("s1", claims, connection)
        gateway.hub.arrive(connection.socket)
        room = gateway.hub.room("a")
        room.join(connection.socket)
        for number in range(1, 12):
            payload = b'"%b"' % (b"x" * 500_000)
            gateway.hub.deliver("a", [Delivery("a", f"{number}-0", Event("e", None, payload))])
    assert gateway.registry.get_sample_value("runcast_gateway_slow_sockets_total") == 1
    assert connection.closed
    assert gateway.hub.presence() == {}
