"""The first signal asks a service to drain, the second ends it."""

import os
import signal

import anyio

from runcast_core.serving.shutdown import shut_down_on_signal


async def test_the_second_signal_ends_the_process(monkeypatch):
    """Whichever of the two signals it is; the status says that it was interrupted."""
    ended: list[int] = []
    shutdown, second = anyio.Event(), anyio.Event()

    def end(status: int) -> None:
        ended.append(status)
        second.set()

    monkeypatch.setattr(os, "_exit", end)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(shut_down_on_signal, shutdown)
            await anyio.wait_all_tasks_blocked()
            signal.raise_signal(signal.SIGTERM)
            await shutdown.wait()
            assert ended == []
            signal.raise_signal(signal.SIGINT)
            await second.wait()
            tasks.cancel_scope.cancel()
    assert ended == [130]
