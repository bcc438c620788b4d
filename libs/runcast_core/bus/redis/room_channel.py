"""The channel of python-socketio's own manager, which carries room operations between gateways."""

from collections.abc import AsyncIterator
from typing import Any

from redis.asyncio.client import PubSub

from runcast_core.bus.redis.servers import FAILURES
from runcast_core.model.errors import BusUnavailable


async def room_messages(subscription: PubSub, channel: str) -> AsyncIterator[Any]:
    """Subscribe, and yield each message as redis-py gives it. Raises `BusUnavailable` once the connection is lost."""
    try:
        await subscription.subscribe(channel)
        async for message in subscription.listen():
            yield message
    except FAILURES as exc:
        raise BusUnavailable(type(exc).__name__) from exc
