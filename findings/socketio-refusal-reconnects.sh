#!/usr/bin/env bash
# With always_connect, a python-socketio handler that refuses a client makes the JavaScript client come back at once,
# again and again, without a word of the refusal.
#
# Versions: python-socketio 5.18.1, python-engineio 4.15.1, uvicorn 0.54.0, websockets 17.4; socket.io-client 4.8.4
# (npm), seen on Node.js 20.20.
#
# One would expect (written before the run): the client is told of the refusal once and stays away, as it does without
# always_connect, by `connect_error` or by `io server disconnect`.
#
# Instead: the server has accepted the client already, and sends DISCONNECT with the reason as its payload. Such a
# packet has no payload in the protocol, so the client closes with `parse error`, and tries again; as it was connected
# for a moment, each try counts as the first, so the pauses do not grow. `return False` and ConnectionRefusedError both
# do it. Seen:
#   always_connect=False, return False: connect_error
#   always_connect=True, return False: connect, parse error, try 1, connect, parse error, try 1, connect, parse error
#   always_connect=True, ConnectionRefusedError: (the same)
#   always_connect=True, disconnect() and a normal return: connect, io server disconnect
#
# Where it matters here: gateway, protocol/socketio_server.py: a refused socket is written `auth-error` and a DISCONNECT
# without a payload.
#
# Upstream: https://github.com/miguelgrinberg/python-socketio/issues/1495
set -euo pipefail

dir="$(mktemp -d)"
trap 'rm -rf "$dir"' EXIT
cd "$dir"
timeout 120 python3 -m venv venv
timeout 300 venv/bin/pip install --quiet --disable-pip-version-check \
    'python-socketio==5.18.1' 'python-engineio==4.15.1' 'uvicorn==0.54.0' 'websockets==17.4'
timeout 300 npm install --silent --no-audit --no-fund socket.io-client@4.8.4

cat > client.cjs <<'JS'
// Tells what happens to a client within two seconds, or until it was refused three times.
const options = { transports: ["websocket"], reconnectionDelay: 50 };
const client = require("socket.io-client").io(`http://127.0.0.1:${process.argv[2]}`, options);
const seen = [];
const end = () => { console.log(seen.join(", ")); process.exit(0); };
client.on("connect", () => seen.push("connect"));
client.on("connect_error", () => seen.push("connect_error"));
client.io.on("reconnect_attempt", (number) => seen.push(`try ${number}`));
client.on("disconnect", (reason) => {
  seen.push(reason);
  if (seen.filter((each) => each === "parse error").length === 3) end();
});
setTimeout(end, 2000);
JS

timeout 50 venv/bin/python - <<'PY'
import asyncio
import socket
import subprocess
import sys

import socketio
import uvicorn


async def seen_by_client(*, always_connect: bool, refuse: str) -> str:
    sio = socketio.AsyncServer(async_mode="asgi", always_connect=always_connect)

    @sio.event
    async def connect(sid: str, environ: dict, auth: object) -> bool | None:
        if refuse == "return False":
            return False
        if refuse == "ConnectionRefusedError":
            raise socketio.exceptions.ConnectionRefusedError("not today")
        await sio.disconnect(sid)
        return None

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(socketio.ASGIApp(sio), lifespan="off", log_level="error", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve([listener]))
    while not server.started:
        await asyncio.sleep(0.01)
    command = ["node", "client.cjs", str(listener.getsockname()[1])]
    client = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    output, _ = await client.communicate()
    server.should_exit = True
    await serving
    print(f"always_connect={always_connect}, {refuse}: {output.decode().strip()}")
    return output.decode().strip()


async def main() -> None:
    once = await seen_by_client(always_connect=False, refuse="return False")
    refusals = ("return False", "ConnectionRefusedError")
    again = [await seen_by_client(always_connect=True, refuse=refusal) for refusal in refusals]
    away = await seen_by_client(always_connect=True, refuse="disconnect() and a normal return")
    if again != [", try 1, ".join(["connect, parse error"] * 3)] * 2:
        sys.exit("Not as stated any more: a refused client does not come back again and again.")
    if (once, away) != ("connect_error", "connect, io server disconnect"):
        sys.exit("Not as stated any more: the ways to refuse that keep a client away have changed.")
    print("As stated: who is refused under always_connect sees 'parse error' and comes back again and again.")


asyncio.run(main())
PY
