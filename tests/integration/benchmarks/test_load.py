"""The benchmark's load in C, compiled here: it lets nothing pass that is missing, twice, out of order or cut off."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from benchmarks import load as benchmark_load
from benchmarks.dialogue import Fault
from benchmarks.load import Load, load
from tests.conftest import missing

SOURCE = Path(benchmark_load.__file__).with_name("load.c")
PATH = "/socket.io/?EIO=4&transport=websocket"


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("cc") is None:
        missing("there is no C compiler: apt-get install gcc")
    built = tmp_path_factory.mktemp("load") / "load"
    subprocess.run(["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-o", str(built), str(SOURCE)], check=True)
    return built


class Gateway:
    """A server whose sockets are each sent the same frames; what clients say is kept."""

    def __init__(self) -> None:
        self.sockets: list[ServerConnection] = []
        self.said: list[str | bytes] = []
        self.ponged = threading.Event()

    def __call__(self, socket: ServerConnection) -> None:
        socket.send('0{"sid":"x","upgrades":[],"pingInterval":25000}')
        self.said.append(socket.recv())
        self.sockets.append(socket)
        socket.send('40{"sid":"y"}')
        socket.send('42["auth-success",{"message":"in"}]')
        with suppress(ConnectionClosed):
            for word in socket:
                if word == "3":
                    self.ponged.set()

    def send(self, *numbers: int, offset: str = "") -> None:
        for number in numbers:
            for socket in self.sockets:
                socket.send(f'42["execution-log",{{"taskId":"{number:09d}","log":"x"}}{offset}]')


@contextmanager
def clients(binary: Path, sockets: int = 3) -> Iterator[tuple[Gateway, Load]]:
    gateway = Gateway()
    with serve(gateway, "127.0.0.1", 0, compression=None) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        try:
            packets = [f'40{{"token":"{"t" * 300}{i}"}}' for i in range(sockets)]
            port = server.socket.getsockname()[1]
            with load(port, PATH, "socketio", packets, binary=binary) as opened:
                opened.open(sockets)
                yield gateway, opened
        finally:
            server.shutdown()
            serving.join()


def test_what_arrives_in_order_is_delivered(binary: Path) -> None:
    """Numbers go on from one expectation to the next, an offset behind the payload is no matter, and each connection
    says a packet of its own."""
    with clients(binary) as (gateway, opened):
        for first in (1, 4):
            opened.expect(first, 3)
            gateway.send(first, first + 1, first + 2, offset=',"1-0"')
            delivered = opened.delivered(5)
            assert delivered.first_at <= delivered.last_at
        assert {str(word)[-3:-2] for word in gateway.said} == {"0", "1", "2"}


def test_pings_are_answered(binary: Path) -> None:
    with clients(binary, 1) as (gateway, _):
        gateway.sockets[0].send("2")
        assert gateway.ponged.wait(5)


@pytest.mark.parametrize("numbers", [(1, 3), (1, 1, 2, 3), (2, 1, 3), (0, 1, 2, 3)])
def test_what_does_not_is_found(binary: Path, numbers: tuple[int, ...]) -> None:
    """Left out, twice, out of order, not asked for."""
    with clients(binary) as (gateway, opened):
        opened.expect(1, 3)
        gateway.send(*numbers)
        with pytest.raises(Fault, match=r"out of order or left out: [1-9]"):
            opened.delivered(5)


def test_what_comes_twice_at_the_end_is_found_with_the_next(binary: Path) -> None:
    """The case before had counted already; the one after does not."""
    with clients(binary) as (gateway, opened):
        opened.expect(1, 1)
        gateway.send(1)
        opened.delivered(5)
        gateway.send(1)
        opened.expect(2, 1)
        gateway.send(2)
        with pytest.raises(Fault, match=r"left out: 3, "):
            opened.delivered(5)


def test_one_socket_that_misses_the_last_event_is_found(binary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """That the others have it does not hide it."""
    monkeypatch.setattr(benchmark_load, "GRACE_S", 0.1)
    with clients(binary) as (gateway, opened):
        opened.expect(1, 2)
        gateway.send(1)
        gateway.sockets.pop()
        gateway.send(2)
        with pytest.raises(Fault, match=r"not everything was delivered .* 5 deliveries"):
            opened.delivered(0.2)


def test_a_connection_that_is_closed_is_found(binary: Path) -> None:
    """At once, and not after the time that a delivery may take."""
    with clients(binary) as (gateway, opened):
        opened.expect(1, 2)
        gateway.send(1)
        gateway.sockets.pop().close()
        with pytest.raises(Fault, match="1 connections closed"):
            opened.delivered(60)
