"""Whoever comes and goes, at whatever moment and however often, leaves nothing in a gateway."""

import gc
import inspect
import tracemalloc

import pytest
from engineio.async_drivers import asgi

from runcast_gateway.relay.socket import Socket
from runcast_gateway.transport.direct_websocket import DirectWebSocket
from runcast_gateway.transport.direct_writer import DirectWriter
from runcast_gateway.transport.engineio_socket import EngineSocket
from runcast_gateway.transport.outbox import Outbox
from tests.parts.conditions import until
from tests.parts.gateway_server import Running, polling, running_gateway
from tests.parts.websocket import PATH, websocket

CYCLES = 500
PACKAGES = ("runcast_core", "runcast_gateway", "engineio", "socketio", "uvicorn", "websockets", "asyncio", "anyio")
KINDS = (EngineSocket, Socket, DirectWebSocket, DirectWriter, Outbox)


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio", {"use_uvloop": True}


async def _come_and_go(running: Running, number: int) -> None:
    """Leave at another stage each time, some by a reset."""
    token = running.token(f"o{number % 3}", f"u{number % 7}")
    stage = number % 10
    if stage == 9:
        async with polling(running.port) as client:
            await client.post(f'40{{"token":"{token}"}}')
            await client.poll()
            await client.post("1")
        return
    async with websocket(running.port, path=PATH) as client:
        if stage == 1:
            await client.send(f'40{{"token":"{token}"}}')
        elif stage == 2:
            await client.send('40{"token":"bad"}')
            await client.disconnected()
        elif stage >= 3:
            await client.connect(token, recover=stage > 5)
        if stage == 4:
            await client.send('421["watch",{"taskId":"t"}]')
        elif stage == 5:
            await client.send("41")
        elif stage == 6:
            await client.send("1")
        elif stage == 7:
            client.reset()
        elif stage == 8:
            await client.send("x")


async def _cycles(running: Running, count: int, known: set[int]) -> None:
    for number in range(count):
        await _come_and_go(running, number)
    await until(lambda: not running.connections)
    await until(lambda: not {id(found) for found in _objects()} - known)


def _allocated() -> int:
    """Return the bytes that were allocated for connections, and not for what is logged of them. python-engineio makes a
    class for each request; Python's table of classes forgets them, but grows by a hundred kilobytes at a time."""
    ours = [tracemalloc.Filter(True, f"*/{name}/*") for name in PACKAGES]
    makes_class = inspect.getsourcelines(asgi.translate_request)[1] + 1
    table = tracemalloc.Filter(False, asgi.__file__, lineno=makes_class)
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces([*ours, table]).traces)


def _objects() -> list[object]:
    gc.collect()
    return [found for found in gc.get_objects() if isinstance(found, KINDS)]


async def test_who_came_and_went_left_nothing():
    """Neither an entry anywhere, nor an object or a timer that holds one, nor memory."""
    async with running_gateway(environment={"RUNCAST_MAX_SOCKETS_PER_USER": "2"}) as running:
        others = _objects()  # of other tests, kept alive so that nothing else is given their numbers
        known = set(map(id, others))
        server, hub = running.gateway.server, running.gateway.hub
        await _cycles(running, 50, known)
        tracemalloc.start()
        await _cycles(running, 50, known)
        before = _allocated()
        await _cycles(running, CYCLES - 100, known)
        grown = _allocated() - before
        tracemalloc.stop()
        assert grown < 200 * (CYCLES - 100), "bytes for each connection"
        assert (server.manager.rooms, server.manager._entered, server.environ) == ({}, {}, {})
        assert (server.manager.pending_connect, server.manager.pending_disconnect) == ({}, {})
        assert (server._sockets, server._greeted) == ({}, set())
        assert (hub._sockets, hub._users, list(hub.all_sockets())) == ({}, {}, [])
        assert all(len(hub.room(organization)) == 0 for organization in ("o0", "o1", "o2"))
        assert running.counted("sockets", organization="o0") == 0
        assert running.counted("refused_total", reason="handshake") == 0
