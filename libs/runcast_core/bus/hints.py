"""Hints to the runners, beside what is stored: losing one costs a poll or a part of a lease, never correctness."""

import structlog

from runcast_core.bus.bus import Bus, Signal
from runcast_core.model.errors import BusUnavailable

log = structlog.get_logger()


async def hint(bus: Bus, signal: Signal) -> None:
    try:
        await bus.signal(signal)
    except BusUnavailable as error:
        log.warning("Signal not sent", kind=signal.kind.value, reason=error.message)
