"""python-engineio where it does otherwise than a gateway needs: the server, of connections of our own kind.

Its private names are used here and in `engineio_socket`, and nowhere else. Pinned to python-engineio 4.15;
tests/integration/test_engineio.py fails where an upgrade breaks what is overridden.
"""

from types import SimpleNamespace
from typing import Any

import engineio
import structlog
from anyio.abc import TaskGroup
from engineio import async_server

from runcast_gateway.bounds import Bounds
from runcast_gateway.engineio_socket import EngineSocket
from runcast_gateway.outbox import Outbox
from runcast_gateway.socket import Listener

log = structlog.get_logger()


class EngineServer(engineio.AsyncServer):  # type: ignore[misc]
    """A server that never waits for a client that does not read."""

    tasks: TaskGroup
    listener: Listener
    bounds: Bounds
    sockets: dict[str, EngineSocket]
    refused: Any
    """Called with the name of a bound that a client exceeded."""
    overrun: Any
    """Called when a client is cut off that did not read."""

    def create_queue(self, *_args: Any, **_options: Any) -> Outbox:
        return Outbox()

    async def _trigger_event(self, event: str, *args: Any, run_async: bool = False) -> Any:
        """As the stock one, which looks each time whether the handler is a coroutine function; here all of them are."""
        try:
            return await self.handlers[event](*args)
        except Exception:
            log.exception("Handler failed", handler=event)
            return False if event == "connect" else None

    async def disconnect(self, sid: str | None = None) -> None:
        """Close one connection; whatever is queued to it, nobody waits until it has been read."""
        connection = self.sockets.pop(sid or "", None)
        if connection is not None:
            await connection.close(wait=False)


async_server.async_socket = SimpleNamespace(AsyncSocket=EngineSocket)  # which the server names where it makes one
