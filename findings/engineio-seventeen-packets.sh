#!/usr/bin/env bash
# python-engineio's client refuses what its own server sends: a long-polling answer of more than 16 packets.
#
# Versions: python-engineio 4.15.1, aiohttp 3.14.5 (for the client), uvicorn 0.54.0.
#
# One would expect (written before the run): seventeen messages that wait for a client arrive, in one answer or in two.
#
# Instead: the server puts all that waits into one answer; the client decodes at most 16 packets of one
# (`Payload.max_decode_packets`), drops all seventeen, and is disconnected. Seen:
#   16 messages: 16 arrived, then: connected
#   17 messages: 0 arrived, then: transport error
#
# Where it matters here: gateway, transport/carrier.py, MAX_POLLED: a poll is answered with 16 packets at most.
#
# Upstream: https://github.com/miguelgrinberg/python-engineio/issues/142 is about the same limit on the server's side.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
timeout 120 python3 -m venv "$dir/venv"
timeout 300 "$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
    'python-engineio==4.15.1' 'aiohttp==3.14.5' 'uvicorn==0.54.0'

timeout 50 "$dir/venv/bin/python" - <<'PY'
import asyncio
import logging
import socket
import sys
import time

import engineio
import uvicorn


async def arrived(count: int) -> tuple[int, str]:
    engine = engineio.AsyncServer(async_mode="asgi", ping_interval=1, ping_timeout=2)

    @engine.on("message")
    async def answer(sid: str, data: str) -> None:
        for number in range(count):
            await engine.send(sid, f"message {number}")

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(engineio.ASGIApp(engine), lifespan="off", log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)

    client = engineio.AsyncClient(logger=False)
    messages, reasons = [], []
    client.on("message", messages.append)
    client.on("disconnect", reasons.append)
    await client.connect(f"http://127.0.0.1:{listener.getsockname()[1]}", transports=["polling"])
    await client.send("go")
    deadline = time.monotonic() + 10
    while len(messages) < count and not reasons and time.monotonic() < deadline:
        await asyncio.sleep(0.01)
    found = len(messages), reasons[0] if reasons else client.state
    await client.disconnect()
    server.should_exit = True
    await serving
    return found


logging.disable()
sixteen, seventeen = asyncio.run(arrived(16)), asyncio.run(arrived(17))
print("16 messages: %d arrived, then: %s" % sixteen)
print("17 messages: %d arrived, then: %s" % seventeen)
if (sixteen, seventeen) != ((16, "connected"), (0, "transport error")):
    sys.exit("Not as stated any more: the client takes another number of packets, or tells of it otherwise.")
print("As stated: the seventeenth packet costs the client all of them, and its connection.")
PY
