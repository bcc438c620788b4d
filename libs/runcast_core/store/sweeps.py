"""Looks again and again, for what a crash or an outage left behind, and tells much of it at once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import anyio
import structlog

from runcast_core.model.errors import BusUnavailable, StoreUnavailable

log = structlog.get_logger()

T = TypeVar("T")
AT_ONCE = 20


async def sweep(failure: str, look: Callable[[], Awaitable[None]], interval: float) -> None:
    """Look for ever, each `interval` seconds. It outlives whatever a round raises, such as for a status that only a
    newer version knows: what runs beside it in one task group would end with it."""
    while True:
        await anyio.sleep(interval)
        try:
            await look()
        except (StoreUnavailable, BusUnavailable) as error:
            log.warning(failure, reason=error.message)
        except Exception as error:
            log.error(failure, kind=type(error).__name__)  # noqa: TRY400 - its text may tell anything


async def all_of(tell: Callable[[T], Awaitable[None]], items: Sequence[T]) -> None:
    """Tell each, `AT_ONCE` together. Raises the first `BusUnavailable` once those with it have ended."""
    for begin in range(0, len(items), AT_ONCE):
        await _together(tell, items[begin : begin + AT_ONCE])


async def _together(tell: Callable[[T], Awaitable[None]], items: Sequence[T]) -> None:
    failed: list[BusUnavailable] = []

    async def one(item: T) -> None:
        try:
            await tell(item)
        except BusUnavailable as error:
            failed.append(error)

    async with anyio.create_task_group() as tasks:
        for item in items:
            tasks.start_soon(one, item)
    if failed:
        raise failed[0]
