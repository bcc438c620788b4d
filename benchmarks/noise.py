"""The noisy organization, in processes of its own.

`python -m benchmarks.noise publish REDIS_URL LINES_PER_SECOND` publishes output until standard input ends, and prints
how many lines that were and how many seconds it took. `python -m benchmarks.noise read GATEWAY_URL TOKEN COUNT` holds
the sockets of so many dashboards, prints `ready`, and reads without looking until standard input ends; then it prints
how many bytes came.
"""

import asyncio
import json
import selectors
import socket
import sys
import time
from urllib.parse import urlsplit

import orjson
import uvloop
from anyio import to_thread

from runcast_core.bus.bus import Bus
from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.model.events import EXECUTION_LOG, Event

ORGANIZATION = "noisy"
CHUNK_LINES = 160
LINE = "x" * 100
TICK_S = 0.005
MASK = bytes(4)


async def publish(url: str, lines_per_s: int) -> None:
    stop = asyncio.create_task(to_thread.run_sync(sys.stdin.read, abandon_on_cancel=True))
    async with open_redis_bus(url) as bus:
        begun = time.monotonic()
        lines = await _publish_until(stop, bus, lines_per_s)
        sys.stdout.write(f"{lines} {time.monotonic() - begun}\n")


async def _publish_until(stop: "asyncio.Task[str]", bus: Bus, lines_per_s: int) -> int:
    """Publish what is due, chunk by chunk; a second that was missed is not made good."""
    loop, lines = asyncio.get_running_loop(), 0
    text, begun = "\n".join([LINE] * CHUNK_LINES), loop.time()
    while not stop.done():
        due = (loop.time() - begun) * lines_per_s
        if lines > due:
            await asyncio.sleep(TICK_S)
            continue
        body = orjson.dumps({"taskId": "t", "log": text, "seq": lines // CHUNK_LINES + 1, "attempt": 1})
        await bus.publish(ORGANIZATION, Event(EXECUTION_LOG, "t", body))
        lines += CHUNK_LINES
        if due - lines > lines_per_s:
            begun += 1
    return lines


def read(url: str, token: str, count: int) -> None:
    sockets = [_connected(url, token) for _ in range(count)]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin, selectors.EVENT_READ)
        for connection in sockets:
            selector.register(connection, selectors.EVENT_READ, connection)
        sys.stdout.write(f"{_read_until_told(selector)}\n")


def _read_until_told(selector: selectors.BaseSelector) -> int:
    buffer, received = bytearray(1 << 20), 0
    while True:
        for key, _ in selector.select():
            if key.data is None:
                return received
            got = key.data.recv_into(buffer)
            received += got
            if buffer[:3] == b"\x81\x012":  # a ping of Engine.IO
                key.data.sendall(_frame("3"))
            if not got:
                raise SystemExit("a socket of the noisy organization was closed")


def _connected(url: str, token: str) -> socket.socket:
    """Return the socket of a dashboard that was let in."""
    target = urlsplit(url)
    connection = socket.create_connection((target.hostname or "", target.port or 80))
    head = ["GET /socket.io/?EIO=4&transport=websocket HTTP/1.1", f"Host: {target.netloc}", "Upgrade: websocket"]
    head += ["Connection: Upgrade", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13", "", ""]
    connection.sendall("\r\n".join(head).encode())
    while b"sid" not in connection.recv(65_536):
        pass
    connection.sendall(_frame("40" + json.dumps({"token": token})))
    received = b""
    while b"auth-success" not in received:
        received += connection.recv(65_536)
    return connection


def _frame(text: str) -> bytes:
    """Return a frame as clients send it, with a mask that changes nothing."""
    payload = text.encode()
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0xFE]) + len(payload).to_bytes(2, "big")
    return b"\x81" + size + MASK + payload


if __name__ == "__main__":
    if sys.argv[1] == "publish":
        uvloop.run(publish(sys.argv[2], int(sys.argv[3])))
    else:
        read(sys.argv[2], sys.argv[3], int(sys.argv[4]))
