"""`python -m benchmarks.publish SYSTEM URL`: publishes numbered events as a system's own publishers do.

Reads `publish FIRST COUNT RATE ORGANIZATION` from standard input, a rate of 0 being as fast as it can, and answers
`published`. Every 2 ms it publishes what is due by then, as `peers/publish.js` does for Node.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import orjson
import socketio
import uvloop

from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.model.events import EXECUTION_LOG, Event

TICK_S = 0.002
LOG = "x" * 118

Emit = Callable[[str, range], Awaitable[None]]
"""Publishes the events with these numbers to an organization, in order."""


def _payload(number: int) -> dict[str, str]:
    return {"taskId": f"{number:09d}", "log": LOG}


@asynccontextmanager
async def _runcast(url: str) -> AsyncIterator[Emit]:
    """The product's bus: each event into the journal and onto the channel in one script."""
    async with open_redis_bus(url) as bus:

        async def emit(organization_id: str, numbers: range) -> None:
            for number in numbers:
                payload = _payload(number)
                await bus.publish(organization_id, Event(EXECUTION_LOG, payload["taskId"], orjson.dumps(payload)))

        yield emit


@asynccontextmanager
async def _stock(url: str) -> AsyncIterator[Emit]:
    manager = socketio.AsyncRedisManager(url, write_only=True)

    async def emit(organization_id: str, numbers: range) -> None:
        for number in numbers:
            await manager.emit(EXECUTION_LOG, _payload(number), room=f"org:{organization_id}")

    yield emit


@asynccontextmanager
async def _centrifugo(url: str) -> AsyncIterator[Emit]:
    """The HTTP API of a second node, so that the measured one only relays."""
    async with httpx.AsyncClient(base_url=url) as client:

        async def emit(organization_id: str, numbers: range) -> None:
            commands: list[Any] = [
                {"publish": {"channel": organization_id, "data": _payload(number)}} for number in numbers
            ]
            (await client.post("/api/batch", json={"commands": commands})).raise_for_status()

        yield emit


SYSTEMS: dict[str, Callable[[str], AbstractAsyncContextManager[Emit]]] = {
    "runcast": _runcast,
    "python-socketio": _stock,
    "centrifugo": _centrifugo,
}


async def _publish(emit: Emit, first: int, count: int, rate: float, organization_id: str) -> None:
    started_at, done = time.monotonic(), 0
    while done < count:
        due = min(count, int((time.monotonic() - started_at) * rate) + 1) if rate else count
        if due > done:
            await emit(organization_id, range(first + done, first + due))
        done = max(done, due)
        if done < count:
            await asyncio.sleep(TICK_S)


async def main(system: str, url: str) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    async with SYSTEMS[system](url) as emit:
        print("up", flush=True)
        while line := await reader.readline():
            _, first, count, rate, organization_id = line.decode().split()
            await _publish(emit, int(first), int(count), float(rate), organization_id)
            print("published", flush=True)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
