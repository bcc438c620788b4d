"""Clients that speak Engine.IO and Socket.IO by hand, as no official client would; and as slow as need be."""

import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Self

import anyio
import httpx
import websockets

PATH = "/socket.io/?EIO=4&transport=websocket"
POLLING = "/socket.io/?EIO=4&transport=polling"
SEPARATOR = "\x1e"


class Received:
    """The packets that came, in their order."""

    def __init__(self) -> None:
        self.received: list[str] = []

    @property
    def events(self) -> list[list[Any]]:
        """The events among what was received, as name, payload and, if there is one, offset."""
        return [json.loads(packet[2:]) for packet in self.received if packet.startswith("42")]


class RawSocket(Received):
    """One WebSocket."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        super().__init__()
        self.connection = connection

    async def connect(self, token: str, **auth: Any) -> None:
        await self.connection.send("40" + json.dumps({"token": token, **auth}))

    async def until(self, text: str, seconds: float = 10) -> None:
        """Read until a packet has the text in it."""
        await self._read_until(lambda: any(text in packet for packet in self.received), seconds)

    async def until_more(self, text: str, known: int) -> None:
        """Read until a packet has the text in it that came after so many."""
        await self._read_until(lambda: any(text in packet for packet in self.received[known:]), 20)

    async def disconnected(self) -> None:
        """Read until the server sends DISCONNECT; `until("41")` may find that in a random id."""
        await self._read_until(lambda: "41" in self.received, 10)

    async def _read_until(self, condition: Callable[[], bool], seconds: float) -> None:
        with anyio.fail_after(seconds):
            while not condition():
                self.received.append(str(await self.connection.recv()))

    async def closed(self) -> int:
        """Read until the server closes; return the code."""
        with anyio.fail_after(10):
            with suppress(websockets.ConnectionClosed):
                while True:
                    self.received.append(str(await self.connection.recv()))
        return int(self.connection.close_code or 0)


class PollingSession(Received):
    """One session of long-polling, whose polls are made when somebody waits for something."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        super().__init__()
        self._http = http
        self.url = url

    @classmethod
    async def opened(cls, http: httpx.AsyncClient, url: str) -> Self:
        answer = await http.get(f"{url}{POLLING}")
        return cls(http, f"{url}{POLLING}&sid={json.loads(answer.text[1:])['sid']}")

    async def post(self, *packets: str) -> int:
        return (await self._http.post(self.url, content=SEPARATOR.join(packets))).status_code

    async def poll(self) -> int:
        answer = await self._http.get(self.url)
        if answer.status_code == 200:
            self.received += answer.text.split(SEPARATOR)
        return answer.status_code

    async def until(self, text: str) -> None:
        """Poll until a packet has the text in it."""
        while not any(text in packet for packet in self.received):
            assert await self.poll() == 200


@asynccontextmanager
async def raw_socket(url: str, *, receive_buffer: int | None = None) -> AsyncIterator[RawSocket]:
    """Open one at a gateway; where the receive buffer is bounded, what is not read soon waits at the gateway."""
    own = _connected(url, receive_buffer) if receive_buffer else None
    options: dict[str, Any] = {"sock": own, "max_queue": 1} if own else {}
    async with websockets.connect(url.replace("http", "ws") + PATH, ping_interval=None, **options) as connection:
        raw = RawSocket(connection)
        await raw.until("sid")
        try:
            yield raw
        finally:
            if own:
                connection.transport.abort()  # a closing handshake would wait for what is not read


def _connected(url: str, receive_buffer: int) -> socket.socket:
    target = httpx.URL(url)
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    own.connect((target.host, target.port))
    return own
