"""From polling to WebSocket: in order, and a poll that goes on where that does not come about."""

import asyncio
import re

import anyio
import orjson
import pytest

from runcast_core.model.events import EXECUTION_UPDATED
from tests.parts.conditions import until
from tests.parts.gateway_server import Polling, Running, polling, running_gateway
from tests.parts.websocket import websocket

STOCK = {"ws": "websockets-sansio"}


@pytest.fixture(params=["asyncio", "uvloop"], scope="module")
def anyio_backend(request: pytest.FixtureRequest):
    """Both loops, as their transports differ in when they write."""
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


async def _authenticated(running: Running, client: Polling, **auth) -> None:
    assert await client.post("40" + orjson.dumps({"token": running.token(), **auth}).decode()) == 200
    while not any("auth-success" in packet for packet in await client.poll()):
        pass


async def _event(running: Running, number: int) -> None:
    await running.publish(b'{"n":%d}' % number, name=EXECUTION_UPDATED)


@pytest.mark.parametrize("options", [{}, STOCK], ids=["direct", "ordinary"])
async def test_nothing_is_lost_or_overtaken(options: dict):
    """What the last poll brings comes before what the WebSocket does, under load before, while and after."""
    got: list[str] = []
    async with running_gateway(**options) as running, polling(running.port) as client:
        await _authenticated(running, client)
        for number in range(20):
            await _event(running, number)
        async with anyio.create_task_group() as tasks, websocket(running.port, path=client.websocket_path) as upgraded:

            async def poll() -> None:
                while (packets := await client.poll()) != ["6"]:
                    got.extend(packet for packet in packets if packet != "6")

            await upgraded.send("2probe")
            for number in range(20, 30):
                await _event(running, number)
            assert await upgraded.next() == "3probe"
            tasks.start_soon(poll)
            for number in range(30, 40):
                await _event(running, number)
                await asyncio.sleep(0)
            await until(lambda: not running.calls.count("http"))
            await upgraded.send("5")
            for number in range(40, 60):
                await _event(running, number)
            await upgraded.until('"n":59')
            [connection] = running.connections
            assert (connection._direct is None) == bool(options)
        got += [packet for packet in upgraded.received[1:] if packet != "6"]
    assert [int(re.search(r'"n":(\d+)', text)[1]) for text in got] == list(range(60))


async def test_a_websocket_that_says_something_else_changes_nothing():
    """The poll goes on, and the WebSocket is closed."""
    async with running_gateway() as running, polling(running.port) as client:
        await _authenticated(running, client)
        for words in (["4x"], ["2probe", "2probe"]):
            async with websocket(running.port, path=client.websocket_path) as other:
                for word in words:
                    await other.send(word)
                assert await other.closed() in (1000, None)
        await _event(running, 1)
        packets: list[str] = []
        while not any('"n":1' in packet for packet in packets):
            packets = await client.poll()


async def test_a_probe_does_not_take_for_ever():
    """As a connection that does not say who it is."""
    async with (
        running_gateway(environment={"RUNCAST_HANDSHAKE_TIMEOUT": "0.5"}) as running,
        polling(running.port) as client,
    ):
        await _authenticated(running, client)
        async with websocket(running.port, path=client.websocket_path) as silent:
            await silent.send("2probe")
            assert await silent.closed() == 1000
        assert not running.connections[0].upgrading


async def test_of_two_that_upgrade_the_first_is_taken():
    """The other is closed, and takes nothing with it."""
    async with (
        running_gateway() as running,
        polling(running.port) as client,
        websocket(running.port, path=client.websocket_path) as first,
        websocket(running.port, path=client.websocket_path) as second,
    ):
        for one in (first, second):
            await one.send("2probe")
            assert await one.next() == "3probe"
        await first.send("5")
        await until(lambda: running.connections[0].upgraded)
        await second.send("5")
        assert await second.closed() == 1000
        await first.connect(running.token())
        await _event(running, 1)
        await first.until('"n":1')


async def test_a_goodbye_in_the_middle_of_an_upgrade_leaves_nothing():
    """The WebSocket that was to take over is closed as well."""
    async with running_gateway() as running, polling(running.port) as client:
        await _authenticated(running, client)
        async with websocket(running.port, path=client.websocket_path) as upgraded:
            await upgraded.send("2probe")
            await upgraded.next()
            assert await client.post("1") == 200
            await upgraded.send("5")
            assert await upgraded.closed() == 1000
        await until(lambda: not running.connections and not running.gateway.hub.holds("a"))


async def test_a_slow_poll_that_becomes_a_fast_websocket_gets_output_again():
    """What piled up is written first."""
    async with (
        running_gateway(environment={"RUNCAST_SHED_BYTES": "20000"}) as running,
        polling(running.port) as client,
    ):
        await _authenticated(running, client)
        for _ in range(10):
            await running.publish(b'{"log":"%b"}' % (b"x" * 4000))
        [connection] = running.connections
        assert connection.socket.shedding is not None
        async with websocket(running.port, path=client.websocket_path) as upgraded:
            await upgraded.send("2probe")
            await upgraded.next()
            await upgraded.send("5")
            await upgraded.until("too slow for output")
            await upgraded.until("output resumed")
            assert connection.socket.shedding is None
