"""`python -m benchmarks.peers.stock PORT REDIS_URL ROOM PING_S`: stock python-socketio; every socket joins the room."""

import sys

import socketio
import uvicorn


def main(port: str, url: str, room: str, ping_s: str) -> None:
    server = socketio.AsyncServer(
        async_mode="asgi",
        client_manager=socketio.AsyncRedisManager(url),
        cors_allowed_origins="*",
        ping_interval=float(ping_s),
    )

    async def connect(sid: str, _environ: object, _auth: object = None) -> None:
        await server.enter_room(sid, room)

    server.on("connect", connect)
    uvicorn.run(socketio.ASGIApp(server), host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
