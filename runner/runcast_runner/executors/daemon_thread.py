"""Runs a blocking call that may hang, in a thread that neither a cancelled task nor a process that exits waits for."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


async def in_daemon_thread(name: str, job: Callable[[threading.Event], T]) -> T:
    """Return or raise what the job does. Its event is set once nobody waits for it any more: it should end then."""
    abandoned = threading.Event()
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()  # so that cancelling the task leaves it to the thread

    def work() -> None:
        try:
            outcome.set_result(job(abandoned))
        except Exception as exc:
            outcome.set_exception(exc)

    threading.Thread(target=work, name=name, daemon=True).start()
    try:
        return await asyncio.wrap_future(outcome)
    finally:
        abandoned.set()
