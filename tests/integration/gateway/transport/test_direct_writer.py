"""What writes past the transport: every byte once and in order, and never to another connection."""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import anyio
import pytest

from runcast_gateway.transport.direct_writer import DirectWriter
from tests.parts.conditions import until


@pytest.fixture(params=["asyncio", "uvloop"], scope="module")
def anyio_backend(request: pytest.FixtureRequest):
    """Both loops, as their transports differ in when they write."""
    return "asyncio", {"use_uvloop": request.param == "uvloop"}


@asynccontextmanager
async def _connected(buffer: int = 0) -> AsyncIterator[tuple[asyncio.Transport, socket.socket]]:
    """Yield a server's transport and its client, with as little as `buffer` between them."""
    loop = asyncio.get_running_loop()
    made: asyncio.Future[asyncio.Transport] = loop.create_future()

    class Protocol(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            made.set_result(transport)

    server = await loop.create_server(Protocol, "127.0.0.1", 0)
    client = socket.socket()
    client.setblocking(False)
    if buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    with client:
        await loop.sock_connect(client, server.sockets[0].getsockname())
        transport = await made
        if buffer:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
        try:
            yield transport, client
        finally:
            if not transport.is_closing():
                transport.abort()
            server.close()
            await server.wait_closed()


async def _read(client: socket.socket) -> bytes:
    """Return what comes until the end, read in fits."""
    data = bytearray()
    while part := await asyncio.get_running_loop().sock_recv(client, random.randrange(1, 50_000)):
        data += part
    return bytes(data)


class Unwritable:
    """A transport that fails whoever writes to it."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self.get_extra_info = transport.get_extra_info
        self.get_write_buffer_size = transport.get_write_buffer_size


async def test_a_small_write_is_one_system_call_and_nothing_is_buffered():
    """The transport never sees it."""
    async with _connected() as (transport, client):
        writer = DirectWriter(Unwritable(transport))
        writer.write(b"one")
        writer.write(b"two")
        assert await asyncio.get_running_loop().sock_recv(client, 100) == b"onetwo"
        writer.close()


@pytest.mark.parametrize("seed", range(3))
async def test_every_byte_arrives_once_and_in_order(seed: int):
    """Megabytes through a buffer of kilobytes, to a slow reader; somebody else's writes among them."""
    numbers = random.Random(seed)
    async with _connected(4096) as (transport, client), anyio.create_task_group() as tasks:
        writer, written, read, direct = DirectWriter(transport), bytearray(), [], set()

        async def take() -> None:
            read.append(await _read(client))

        tasks.start_soon(take)
        for number in range(400):
            data = b"%08d" % number * numbers.choice([1, 10, 100, 5000])
            if numbers.random() < 0.1:
                transport.write(data)
                writer.look()
            else:
                direct.add(writer.send.__self__ is writer._socket)
                writer.write(data)
            written += data
            while transport.get_write_buffer_size() > numbers.choice([0, 100_000]):
                await asyncio.sleep(0)
        writer.close()
        transport.close()
    assert read == [bytes(written)]
    assert direct == {True, False}


async def test_what_the_kernel_does_not_take_at_all_goes_to_the_transport():
    """As where it is full though nothing is buffered here."""
    async with _connected(4096) as (transport, client):
        writer, before = DirectWriter(transport), 0
        with suppress(BlockingIOError):
            while True:
                before += writer._socket.send(b"x" * 1000)
        writer.write(b"y" * 1000)
        writer.write(b"z")
        writer.close()
        transport.close()
        assert await _read(client) == b"x" * before + b"y" * 1000 + b"z"


async def test_a_late_write_reaches_nobody_else():
    """Though a new connection was given the number of the descriptor, the transport's or the writer's own."""
    async with _connected() as (transport, _):
        number = transport.get_extra_info("socket").fileno()
        writer = DirectWriter(transport)
        own = writer._socket.fileno()
        transport.abort()
        await until(lambda: not _is_open(number))
        with _stranger_at(number) as stranger:
            writer.write(b"late")
            writer.close()
            with _stranger_at(own) as another:
                writer.write(b"later")
                assert (_waiting(stranger), _waiting(another)) == (b"", b"")


def _is_open(number: int) -> bool:
    with suppress(OSError):
        os.fstat(number)
        return True
    return False


@contextmanager
def _stranger_at(number: int) -> Iterator[socket.socket]:
    """Open a connection whose one end has this number; yield the other."""
    one, other = socket.socketpair()
    with other:
        if one.fileno() != number:
            os.dup2(one.fileno(), number)
            one.close()
        one.detach()
        try:
            yield other
        finally:
            os.close(number)


def _waiting(connection: socket.socket) -> bytes:
    connection.setblocking(False)
    with suppress(BlockingIOError):
        return connection.recv(100)
    return b""


async def test_after_its_end_a_writer_writes_nothing_and_keeps_no_descriptor():
    """What it had given to the transport goes on its way."""
    async with _connected(4096) as (transport, client):
        writer = DirectWriter(transport)
        writer.write(b"x" * 1_000_000)
        writer.close()
        writer.close()
        writer.look()
        writer.write(b"y")
        assert (writer._socket, writer._transport, writer.send) == (None, None, len)
        transport.close()
        assert await _read(client) == b"x" * 1_000_000


async def test_a_lost_connection_is_left_to_the_transport():
    """Which says so to whom it belongs to; a write raises nothing."""
    async with _connected() as (transport, client):
        writer = DirectWriter(transport)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        client.close()
        with anyio.fail_after(5):
            while not transport.is_closing():
                writer.write(b"x" * 1000)
                await asyncio.sleep(0)
        writer.close()
