"""The direct path over a real uvicorn with real sockets; red where an upgrade breaks what is overridden."""

import asyncio
import hashlib
import inspect
import re
import socket

import anyio
import orjson
import pytest
import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from runcast_core.model.events import EXECUTION_UPDATED
from runcast_gateway.transport import direct_websocket
from runcast_gateway.transport.direct_websocket import DirectWebSocket
from tests.parts.certificates import self_signed
from tests.parts.conditions import until
from tests.parts.gateway_server import Running, running_gateway
from tests.parts.websocket import BINARY, CLOSE, CONTINUATION, PING, TEXT, masked, websocket

STOCK = {"ws": "websockets-sansio"}
OVERRIDDEN = {
    "handle_connect": "fc648c21",
    "run_asgi": "662375aa",
    "handle_close": "62fd412b",
    "handle_parser_exception": "ff5cf13c",
    "handle_ping": "41bcf345",
    "handle_pong": "b20c68cc",
    "shutdown": "e8ace796",
    "pause_writing": "4830f7e0",
    "resume_writing": "ef79384e",
    "connection_lost": "dd116afc",
    "send_receive_event_to_app": "a2b10de9",
    "handle_text": "6ae52318",
    "handle_bytes": "2b22b21b",
    "handle_cont": "d96fe147",
    "data_received": "c89d3940",
    "receive": "1dc0e715",
}
"""What is overridden of uvicorn, or relied upon, and the beginning of the SHA-256 of its source."""


@pytest.fixture(params=["asyncio", "uvloop"], scope="module")
def anyio_backend(request: pytest.FixtureRequest):
    """Both loops, as their transports differ in when they write."""
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


async def test_a_websocket_is_taken_over():
    """The call of the application has ended while the connection lives; a server of another kind keeps it."""
    async with running_gateway() as running, websocket(running.port) as client:
        await client.connect(running.token())
        await until(lambda: running.calls == ["lifespan"])
        await running.publish(b'{"log":"x"}')
        assert await client.next() == '42["execution-log",{"log":"x"}]'
    async with running_gateway(**STOCK) as running, websocket(running.port) as client:
        await client.connect(running.token())
        assert running.calls == ["lifespan", "websocket"]


@pytest.mark.parametrize("options", [{}, STOCK], ids=["direct", "ordinary"])
async def test_both_paths_say_the_same_in_the_same_order(options: dict):
    """OPEN, CONNECT, `auth-success`, then events and acknowledgements as they come."""
    async with running_gateway(**options) as running, websocket(running.port) as client:
        await client.send("40" + orjson.dumps({"token": running.token(), "recover": True}).decode())
        await client.until("auth-success")
        for number in range(40):
            await running.publish(b'{"n":%d}' % number, name=EXECUTION_UPDATED)
        await client.send('421["watch",{"taskId":"t"}]')
        await client.until("431")
        await running.publish(b'{"n":40}', name=EXECUTION_UPDATED)
        await client.until('"n":40')
    kinds = [re.match(r"\d+", text)[0] for text in client.received]
    assert kinds == ["0", "40", *["42"] * 41, "431", "42"]
    assert [orjson.loads(text[2:])[1]["n"] for text in client.received[3:-2]] == list(range(40))
    assert client.received[-2] == '431[{"watching":["t"]}]'


async def test_over_tls_nothing_bypasses_the_transport(tmp_path):
    """Its frames would not be encrypted."""
    certificate, context = self_signed(tmp_path)
    async with running_gateway(**certificate) as running, websocket(running.port, tls=context) as client:
        await client.connect(running.token())
        await until(lambda: "websocket" not in running.calls)
        [connection] = running.connections
        assert connection._direct.writer._socket is None
        await running.publish(b'{"log":"x"}')
        await client.until("execution-log")


async def test_every_byte_arrives_once_and_in_order_however_little_the_kernel_takes(monkeypatch: pytest.MonkeyPatch):
    """Direct writes, those of the transport, pongs and the Close frame among them; a client that reads in fits."""
    monkeypatch.setattr(direct_websocket, "SEND_BUFFER_BYTES", 4096)
    monkeypatch.setattr(direct_websocket, "UNSENT_BYTES", 4096)
    bounds = {"RUNCAST_SHED_BYTES": "50000000", "RUNCAST_CUT_BYTES": "100000000"}
    async with (
        running_gateway(environment=bounds) as running,
        websocket(running.port, receive_buffer=4096) as client,
    ):
        await client.connect(running.token())
        [connection] = running.connections
        went_direct = set()
        for number in range(300):
            size = 40 if number % 30 < 10 or number % 3 else 20_000
            await running.publish(b'{"n":%d,"x":"%b"}' % (number, b"x" * size), name=EXECUTION_UPDATED)
            if number % 10 == 0:
                await client.send(b"%d" % number, opcode=PING)
            if number % 30 == 29:
                while orjson.loads((await client.until("x"))[2:])[1]["n"] < number:
                    pass
            writer = connection._direct.writer
            went_direct.add(writer.send.__self__ is writer._socket)
            if number % 30 == 29:
                await until(lambda: connection.buffered() == 0)
        connection.end()
        code = await client.closed()
    numbers = [orjson.loads(text[2:])[1]["n"] for text in client.received[3:]]
    assert numbers == list(range(300))
    assert client.pongs == [b"%d" % number for number in range(0, 300, 10)]
    assert code == 1001
    assert went_direct == {True, False}


async def test_a_client_that_does_not_read_is_slow_and_one_that_reads_again_is_not(monkeypatch: pytest.MonkeyPatch):
    """It is not sent output meanwhile, and is told so; little of it is in the kernel, where nobody sees it."""
    monkeypatch.setattr(direct_websocket, "SEND_BUFFER_BYTES", 4096)
    bounds = {"RUNCAST_SHED_BYTES": "20000"}
    async with (
        running_gateway(environment=bounds) as running,
        websocket(running.port, receive_buffer=4096) as client,
    ):
        await client.connect(running.token())
        [connection] = running.connections
        while connection.socket.shedding is None:
            await running.publish(b'{"log":"%b"}' % (b"x" * 5000))
        for _ in range(100):
            await running.publish(b'{"log":"%b"}' % (b"x" * 5000))
        assert connection.buffered() < 60_000
        await client.until("too slow for output")
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(client.until, "output resumed")
            await until(lambda: connection.socket.shedding is None)
        await running.publish(b'{"log":"again"}')
        await client.until("again")


async def test_a_client_that_reads_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch):
    """Beyond the hard bound, whatever it says."""
    bounds = {"RUNCAST_SHED_BYTES": "20000", "RUNCAST_CUT_BYTES": "65536"}
    async with (
        running_gateway(environment=bounds) as running,
        websocket(running.port, receive_buffer=4096) as client,
    ):
        await client.connect(running.token())
        while running.connections:
            await running.publish(b'{"log":"%b"}' % (b"x" * 5000), name=EXECUTION_UPDATED)
        assert running.counted("slow_sockets_total") == 1
        assert await client.closed() is None


# What clients send


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([("x", TEXT)], 1002),
        ([("", TEXT)], 1002),
        ([("4x", TEXT)], 1008),
        ([(b"\x04", BINARY)], 1002),
        ([(b"4\xff", TEXT)], 1007),
        ([("4" * 70_000, TEXT)], 1009),
        ([("2", 0xB)], 1002),
        ([(b"\x03\xe8", CLOSE)], 1000),
    ],
    ids=["no packet", "empty", "no Socket.IO", "binary", "no UTF-8", "oversized", "reserved", "its own close"],
)
@pytest.mark.parametrize("known", [True, False], ids=["authenticated", "stranger"])
async def test_why_a_connection_ends_is_said_by_its_code(frames: list, code: int, known: bool):
    """And nothing of it is left."""
    async with running_gateway() as running, websocket(running.port) as client:
        if known:
            await client.connect(running.token())
        else:
            await client.next()
        for data, opcode in frames:
            await client.send(data, opcode=opcode)
        assert await client.closed() == code
        await until(lambda: not running.connections)


async def test_a_bad_packet_before_a_close_in_one_piece_is_no_error():
    """The answer to the client's Close was made when its bytes were read."""
    async with running_gateway() as running, websocket(running.port) as client:
        await client.connect(running.token())
        client.writer.write(masked("x") + masked("4x") + masked(b"\x03\xe8", opcode=CLOSE))
        assert await client.closed() == 1000
        await until(lambda: not running.connections)


async def test_a_message_in_pieces_is_one_message():
    """With a ping between them, which is answered at once."""
    async with running_gateway() as running, websocket(running.port) as client:
        await client.connect(running.token())
        await client.send('421["watch",', final=False)
        await client.send(b"p", opcode=PING)
        await client.send('{"taskId":"ta', opcode=CONTINUATION, final=False)
        await client.send('sk"}]', opcode=CONTINUATION)
        assert await client.next() == '431[{"watching":["task"]}]'
        assert client.pongs == [b"p"]


async def test_nothing_is_compressed():
    """Whatever the client offers: a compressed frame could not be shared."""
    async with running_gateway() as running, websocket(running.port, offers="permessage-deflate") as client:
        assert "permessage-deflate" not in client.head
        await client.connect(running.token())


async def test_who_sends_more_than_it_may_is_closed():
    """A moment's burst is granted, twice what one second is."""
    async with (
        running_gateway(environment={"RUNCAST_MAX_MESSAGES_PER_SECOND": "20"}) as running,
        websocket(running.port) as client,
    ):
        await client.connect(running.token())
        client.writer.write(masked("3") * 100)
        assert await client.closed() == 1008
        assert running.counted("refused_total", reason="messages") == 1


async def test_who_sends_faster_than_it_is_answered_is_closed():
    """What waits to be handled is bounded."""
    async with running_gateway() as running, websocket(running.port) as client:
        await client.connect(running.token())
        running.bus.down = True
        client.writer.write(b"".join(masked(f'42{n}["watch",{{"taskId":"t"}}]') for n in range(40)))
        assert await client.closed() == 1008


# The heartbeat


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch):
    def beat(running: Running) -> None:
        running.gateway.server.eio.ping_interval = 0.05
        running.gateway.server.eio.ping_timeout = 0.3

    return beat


@pytest.mark.parametrize("options", [{}, STOCK], ids=["direct", "ordinary"])
async def test_a_client_that_answers_pings_stays_and_a_silent_one_is_closed(quick, options: dict):
    """After the interval and the time for an answer."""
    async with (
        running_gateway(**options) as running,
        websocket(running.port) as lively,
        websocket(running.port) as silent,
    ):
        await lively.connect(running.token())
        await silent.connect(running.token())
        quick(running)
        for client in (lively, silent):
            await client.send("3")  # from which the next ping is counted
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(silent.closed)
            while len(running.connections) == 2:
                assert await lively.until("2") == "2"
                await lively.send("3")
        [left] = running.connections
        assert silent.received[-1] == "2"
        assert silent.close_code in (None, 1001)
        await lively.send('421["watch",{"taskId":"t"}]')
        await lively.until("431")
        assert not left.closed


async def test_who_is_closed_by_the_end_of_python_engineios_own_wait_may_come_back_too(quick, monkeypatch):
    """That wait is as long as interval and time for an answer, so that it can end before the heartbeat does."""
    async with running_gateway(**STOCK) as running, websocket(running.port) as silent:
        await silent.connect(running.token())
        quick(running)
        monkeypatch.setattr(running.connections[0], "_silent", lambda: None)
        await silent.send("3")
        assert await silent.closed() == 1001


async def test_a_silent_client_with_a_full_buffer_is_gone_at_once(quick):
    """Nothing is waited for that it will not read."""
    async with running_gateway() as running:
        quick(running)
        async with websocket(running.port, receive_buffer=4096) as client:
            await client.connect(running.token())
            await running.publish(b'{"log":"%b"}' % (b"x" * 3_000_000))
            assert running.connections[0].buffered() > 1_000_000
            await until(lambda: not running.connections)


async def test_a_client_that_does_not_say_who_it_is_is_closed():
    """In time; once it has said so, or has left, that is not looked at any more."""
    async with running_gateway(environment={"RUNCAST_HANDSHAKE_TIMEOUT": "0.1"}) as running:
        async with websocket(running.port) as stranger:
            assert await stranger.closed() == 1008
        assert running.counted("refused_total", reason="handshake") == 1
        async with websocket(running.port) as known:
            await known.connect(running.token())
            [connection] = running.connections
            assert not connection._deadline.running
        await until(lambda: not running.connections)
        assert not connection._deadline.running
        async with websocket(running.port) as again:
            await again.connect(running.token())
            await again.send("41")
            assert await again.closed() == 1008
        assert running.counted("refused_total", reason="handshake") == 2


# The end


async def test_what_was_written_before_the_end_arrives_before_it():
    """The transport takes what the kernel did not."""
    async with running_gateway() as running, websocket(running.port, receive_buffer=4096) as client:
        await client.connect(running.token())
        for number in range(50):
            await running.publish(b'{"n":%d,"x":"%b"}' % (number, b"x" * 10_000), name=EXECUTION_UPDATED)
        [connection] = running.connections
        connection.end(1008)
        connection.end(1001)
        connection.write(b"late")
        assert await client.closed() == 1008
        assert '"n":49' in client.received[-1]


async def test_an_end_does_not_wait_for_a_client_that_does_not_read(monkeypatch: pytest.MonkeyPatch):
    """Longer than `CLOSE_S`."""
    monkeypatch.setattr(direct_websocket, "CLOSE_S", 0.05)
    async with running_gateway() as running, websocket(running.port, receive_buffer=4096) as client:
        await client.connect(running.token())
        await running.publish(b'{"log":"%b"}' % (b"x" * 3_000_000))
        running.connections[0].end()
        await until(lambda: not running.connections)


async def test_a_server_that_stops_closes_what_was_taken_over():
    """As its own: the code says that it restarts."""
    async with running_gateway() as running, websocket(running.port) as client:
        await client.connect(running.token())
        [connection] = running.connections
        connection._direct.shutdown()
        connection.write(b"late")
        assert await client.closed() == 1012


async def test_a_websocket_that_ends_before_it_is_taken_over_leaves_nothing(monkeypatch: pytest.MonkeyPatch):
    """However little of it there was."""
    original = DirectWebSocket.send

    async def send(self: DirectWebSocket, message) -> None:
        await original(self, message)
        self.transport.abort()
        await asyncio.sleep(0.01)

    monkeypatch.setattr(DirectWebSocket, "send", send)
    async with running_gateway() as running:
        async with websocket(running.port) as client:
            assert await client.closed() is None
        await until(lambda: not running.connections)
        assert running.gateway.server.environ == {}


async def test_without_a_descriptor_to_spare_the_transport_writes(monkeypatch: pytest.MonkeyPatch):
    """A gateway at its limit of open files still serves whom it accepted."""

    def exhausted(*_: object) -> socket.socket:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(socket, "fromfd", exhausted)
    async with running_gateway() as running, websocket(running.port) as client:
        await client.connect(running.token())
        await running.publish()
        await client.until("execution-log")
        running.connections[0].end()
        assert await client.closed() == 1001


# Upgrades


def test_what_is_overridden_of_uvicorn_is_as_it_was():
    """Read the new version of what is named here, and `direct_websocket`, before the figures are changed."""
    assert uvicorn.__version__.startswith("0.54.")
    assert {name: _digest(getattr(WebSocketsSansIOProtocol, name)) for name in OVERRIDDEN} == OVERRIDDEN


def _digest(function: object) -> str:
    return hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:8]
