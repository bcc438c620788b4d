"""A WebSocket client that does what one says, byte by byte (RFC 6455): what no library would send, and as slow as need
be."""

import asyncio
import base64
import os
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio
import orjson

PATH = "/socket.io/?EIO=4&transport=websocket"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class WebSocket:
    """One connection after its opening handshake."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, head: str) -> None:
        self._reader = reader
        self.writer = writer
        self.head = head
        """The server's answer to the handshake."""
        self.received: list[str] = []
        """The text frames that were read."""
        self.pongs: list[bytes] = []
        self.close_code: int | None = None

    async def send(self, data: bytes | str, *, opcode: int = TEXT, final: bool = True) -> None:
        self.writer.write(masked(data, opcode=opcode, final=final))
        await self.writer.drain()

    async def frame(self) -> tuple[int, bytes]:
        """Read one frame. Raises `IncompleteReadError` at the end."""
        first, size = await self._reader.readexactly(2)
        assert first & 0x70 == 0, "no extension was agreed upon"
        assert first & 0x80, "the server does not fragment"
        assert size < 128, "the server does not mask"
        if size == 126:
            size = int.from_bytes(await self._reader.readexactly(2), "big")
        elif size == 127:
            size = int.from_bytes(await self._reader.readexactly(8), "big")
        return first & 15, await self._reader.readexactly(size)

    async def next(self) -> str:
        """Return the next text."""
        with anyio.fail_after(10):
            while True:
                opcode, data = await self.frame()
                if opcode == TEXT:
                    self.received.append(data.decode())
                    return self.received[-1]
                self._control(opcode, data)

    async def until(self, part: str) -> str:
        """Return the first text from now on that has it in it."""
        while part not in (text := await self.next()):
            pass
        return text

    async def disconnected(self) -> None:
        """Read until the server sends DISCONNECT; `until("41")` may find that in a random id."""
        while await self.next() != "41":
            pass

    async def closed(self) -> int | None:
        """Read to the end; return the code of the Close frame, if there was one."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await self.next()
        return self.close_code

    def _control(self, opcode: int, data: bytes) -> None:
        if opcode == CLOSE:
            self.close_code = int.from_bytes(data[:2], "big")
            self.writer.write(masked(data, opcode=CLOSE))
        else:
            assert opcode == PONG
            self.pongs.append(data)

    async def connect(self, token: str, **auth) -> str:
        """Authenticate, and return `auth-success`."""
        await self.send("40" + orjson.dumps({"token": token, **auth}).decode())
        return await self.until("auth-success")

    def reset(self) -> None:
        """Be gone without a word."""
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


@asynccontextmanager
async def websocket(
    port: int, *, path: str = PATH, tls: ssl.SSLContext | None = None, receive_buffer: int = 0, offers: str = ""
) -> AsyncIterator[WebSocket]:
    """Connect to 127.0.0.1; the kernel takes no more than about `receive_buffer` for a client that does not read."""
    connection = socket.socket()
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", port))
    name = "localhost" if tls else None
    reader, writer = await asyncio.open_connection(sock=connection, limit=16_384, ssl=tls, server_hostname=name)
    try:
        key = base64.b64encode(os.urandom(16)).decode()
        head = [f"GET {path} HTTP/1.1", "Host: localhost", "Upgrade: websocket", "Connection: Upgrade"]
        head += [f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        head += [f"Sec-WebSocket-Extensions: {offers}"] if offers else []
        writer.write("\r\n".join([*head, "", ""]).encode())
        answer = (await reader.readuntil(b"\r\n\r\n")).decode()
        assert answer.startswith("HTTP/1.1 101"), answer
        yield WebSocket(reader, writer, answer)
    finally:
        writer.close()
        with suppress(OSError, ssl.SSLError):
            await writer.wait_closed()


def masked(data: bytes | str, *, opcode: int = TEXT, final: bool = True) -> bytes:
    """Return a frame as clients send it."""
    payload = data.encode() if isinstance(data, str) else data
    mask = os.urandom(4)
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | size,))
    elif size < 65_536:
        head = bytes((0x80 | 126,)) + size.to_bytes(2, "big")
    else:
        head = bytes((0x80 | 127,)) + size.to_bytes(8, "big")
    body = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return bytes((opcode | (0x80 if final else 0),)) + head + mask + body
