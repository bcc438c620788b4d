"""Reads what a job says until its end, also while it is being stopped."""

from collections.abc import Awaitable, Callable

import anyio
import anyio.lowlevel


async def read_to_the_end(
    read: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]], within_s: float
) -> None:
    """Return when `read` does. When cancelled, `stop` is called meanwhile, and reading goes on for `within_s` at most;
    then the cancellation goes on too."""
    reading = anyio.CancelScope(shield=True)
    ended = False

    async def stop_when_cancelled() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            if not ended:
                reading.deadline = anyio.current_time() + within_s
                with anyio.CancelScope(shield=True), anyio.move_on_at(reading.deadline):
                    await stop()

    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stop_when_cancelled)
        with reading:
            try:
                await read()
            except Exception as exc:
                failure = exc
        ended = True
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    await anyio.lowlevel.checkpoint()
