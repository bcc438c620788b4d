"""Signals to a service that drains before it ends."""

import os
import signal

import anyio


async def shut_down_on_signal(shutdown: anyio.Event) -> None:
    """Set `shutdown` at the first SIGINT or SIGTERM; at the second one the process ends at once, with status 130."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            if shutdown.is_set():
                os._exit(130)
            shutdown.set()
