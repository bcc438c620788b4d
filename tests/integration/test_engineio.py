"""What the gateway overrides of python-engineio, in process: red where an upgrade breaks it."""

import inspect

import anyio
import pytest
from engineio import AsyncServer, async_server, exceptions, packet
from prometheus_client import CollectorRegistry

from runcast_core.accounts import Role
from runcast_core.memory_bus import MemoryBus
from runcast_core.tokens import HmacTokens
from runcast_gateway.app import Gateway
from runcast_gateway.engineio_server import MAX_POLLED, EngineSocket
from runcast_gateway.settings import GatewaySettings

SECRET = "a secret of thirty-two characters, for tests"


@pytest.fixture
def gateway() -> Gateway:
    settings = GatewaySettings.from_mapping({"JWT_SECRET": SECRET, "RUNCAST_PING_TIMEOUT": "0.1"})
    return Gateway(settings, MemoryBus(), CollectorRegistry())


def _queued(gateway: Gateway, count: int) -> EngineSocket:
    connection = EngineSocket(gateway.server.eio, "c1")
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


def test_connections_are_of_our_kind():
    """python-engineio names the class of its connections in a private place."""
    assert "async_socket.AsyncSocket(self, sid)" in inspect.getsource(AsyncServer._handle_connect)
    assert async_server.async_socket.AsyncSocket is EngineSocket


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
