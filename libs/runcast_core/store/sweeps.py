"""Looks again and again, for what a crash or an outage left behind."""

from collections.abc import Awaitable, Callable

import anyio
import structlog

from runcast_core.model.errors import BusUnavailable, StoreUnavailable

log = structlog.get_logger()


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
