#!/usr/bin/env bash
# python-engineio's disconnect() ends a WebSocket for the server only: the JavaScript client does not notice.
#
# Versions: python-engineio 4.15.1, uvicorn 0.54.0, websockets 17.4; engine.io-client 6.6.8 (npm) on Node.js 20.20.
#
# One would expect (written before the run): after `await server.disconnect(sid)` the client's `close` comes at once, on
# either transport.
#
# Instead: the server calls its `disconnect` handler and sends the packet CLOSE, but leaves the WebSocket open; the
# client heeds that packet on long-polling only. On a WebSocket it stays `open`, sent no more pings, until one ping
# interval and one time-out are over (here 2 and 2 s; by default 25 and 20). Seen:
#   polling:   the server's handler is told: server disconnect; the client closes after 0 s
#   websocket: the server's handler is told: server disconnect; the client closes after 4 s
#
# Where it matters here: gateway, sessions/drain.py and transport/engineio_socket.py: a gateway that leaves closes each
# WebSocket itself instead of calling disconnect(), so that its clients go elsewhere at once.
#
# Upstream: https://github.com/socketio/socket.io/issues/5286
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 120 python3 -m venv venv
timeout 300 venv/bin/pip install --quiet --disable-pip-version-check \
    'python-engineio==4.15.1' 'uvicorn==0.54.0' 'websockets==17.4'
timeout 300 npm install --silent --no-audit --no-fund engine.io-client@6.6.8

cat > client.cjs <<'JS'
// Asks to be disconnected, and tells when it noticed.
const [url, transport] = process.argv.slice(2);
const client = new (require("engine.io-client").Socket)(url, { transports: [transport] });
let asked;
client.on("open", () => { asked = Date.now(); client.send("disconnect me"); });
client.on("close", () => {
  console.log((Date.now() - asked) / 1000);
  process.exit(0);
});
setTimeout(() => process.exit(1), 15000);
JS

timeout 50 venv/bin/python - <<'PY'
import asyncio
import socket
import subprocess
import sys

import engineio
import uvicorn


async def disconnected(transport: str) -> float:
    """Return how many seconds the client took to notice."""
    reasons, tasks = [], []
    engine = engineio.AsyncServer(async_mode="asgi", ping_interval=2, ping_timeout=2)
    engine.on("disconnect", lambda sid, reason: reasons.append(reason))

    @engine.on("message")
    async def disconnect(sid: str, data: str) -> None:
        async def a_little_later() -> None:  # when the request that brought the message has been answered
            await asyncio.sleep(0.2)
            await engine.disconnect(sid)

        tasks.append(asyncio.create_task(a_little_later()))

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(engineio.ASGIApp(engine), lifespan="off", log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    command = ["node", "client.cjs", f"http://127.0.0.1:{listener.getsockname()[1]}", transport]
    client = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    output, _ = await client.communicate()
    server.should_exit = True
    await serving
    seconds = float(output)
    told = ", ".join(reasons)
    print(f"{transport + ':':10} the server's handler is told: {told}; the client closes after {seconds:.0f} s")
    return seconds


async def main() -> None:
    polling, websocket = await disconnected("polling"), await disconnected("websocket")
    if polling > 1.5 or websocket < 3:
        sys.exit("Not as stated any more: the client noticed after %.1f and %.1f s." % (polling, websocket))
    print("As stated: on a WebSocket, disconnect() is noticed no sooner than a lost connection is.")


asyncio.run(main())
PY
