#!/usr/bin/env bash
# python-engineio ends a silent WebSocket as if its client had closed it, with the code of a normal end.
#
# Versions: python-engineio 4.15.1, uvicorn 0.54.0, websockets 17.4.
#
# One would expect (written before the run): a client that answers no ping is ended with the reason `ping timeout`,
# which the server has a constant for, and with a close code that is not 1000, which means a normal end.
#
# Instead: `transport close` and 1000. The wait for the client's next packet ends one ping interval and one time-out
# after the last packet; the monitor that says `ping timeout` looks once in each time-out only, so the wait ends first.
# Only a client that goes on talking without answering pings is told of by the monitor. Seen:
#   silent client: reason 'transport close', close code 1000
#   client that talks but answers no ping: reason 'ping timeout', close code 1000
#
# Where it matters here: gateway, transport/engineio_socket.py: a timer of its own ends a silent connection, and in
# upgrade.py 1001 is put where python-engineio closes without a code, so that nobody takes a lost client for a normal end.
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
timeout 120 python3 -m venv "$dir/venv"
timeout 300 "$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
    'python-engineio==4.15.1' 'uvicorn==0.54.0' 'websockets==17.4'

timeout 50 "$dir/venv/bin/python" - <<'PY'
import asyncio
import socket
import sys

import engineio
import uvicorn
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

PING_INTERVAL, PING_TIMEOUT = 1, 1.6  # the monitor looks after 0, 1.6, 3.2 s; a silent client is given up after 2.6 s


async def end_of_a_client(talks: bool) -> tuple[str, int]:
    reasons = []
    engine = engineio.AsyncServer(async_mode="asgi", ping_interval=PING_INTERVAL, ping_timeout=PING_TIMEOUT)
    engine.on("disconnect", lambda sid, reason: reasons.append(reason))
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(engineio.ASGIApp(engine), lifespan="off", log_level="error", ws_ping_interval=None)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    url = f"ws://127.0.0.1:{listener.getsockname()[1]}/engine.io/?EIO=4&transport=websocket"
    async with connect(url, ping_interval=None) as client, asyncio.timeout(15):
        if talks:
            await asyncio.sleep(2)
            await client.send("4hello")
        try:
            while True:
                await client.recv()  # the handshake and a ping, which is not answered
        except ConnectionClosed:
            pass
    server.should_exit = True
    await serving
    return reasons[0], client.close_code


silent = asyncio.run(end_of_a_client(talks=False))
print("silent client: reason %r, close code %d" % silent)
talking = asyncio.run(end_of_a_client(talks=True))
print("client that talks but answers no ping: reason %r, close code %d" % talking)
if (silent, talking) != (("transport close", 1000), ("ping timeout", 1000)):
    sys.exit("Not as stated any more: the end of a silent client is told differently.")
print("As stated: a silent WebSocket ends as 'transport close' with code 1000, not as 'ping timeout'.")
PY
