"""The end of a server, while clients come."""

import socket
from contextlib import ExitStack

import anyio
import anyio.lowlevel
import pytest
import uvicorn
from starlette.applications import Starlette

from runcast_core.serving.start import Server, listen


@pytest.mark.parametrize("turns", range(6))
def test_who_connects_as_the_server_ends_is_not_waited_for(turns: int):
    """However many turns of the event loop before its end that is. On the programs' own loop: asyncio's drops such a
    connection itself, without closing it (https://github.com/python/cpython/issues/109564)."""
    anyio.run(_ended_while_clients_connect, turns, backend_options={"use_uvloop": True})


async def _ended_while_clients_connect(turns: int) -> None:
    config = uvicorn.Config(Starlette(), lifespan="off", log_config=None)
    with listen("127.0.0.1", 0, otherwise="") as listener, ExitStack() as clients, anyio.fail_after(5):
        server = Server(config)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            await server.serving.wait()
            for _ in range(3):
                clients.enter_context(socket.create_connection(listener.getsockname()))
            for _ in range(turns):
                await anyio.lowlevel.checkpoint()
            server.stop()
