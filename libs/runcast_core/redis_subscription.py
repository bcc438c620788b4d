"""One Redis pub/sub connection: acknowledged subscriptions, and a `Gap` wherever the connection was interrupted.

redis-py reconnects silently and subscribes again; the fresh confirmations arrive in the stream, in order, and are how
an interruption is noticed.
"""

from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any, Self

import anyio
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from runcast_core.bus import Delivery, Gap
from runcast_core.errors import BusUnavailable
from runcast_core.events import Event
from runcast_core.identifiers import events_channel, organization_of_channel

log = structlog.get_logger()

IDLE_CHANNEL = "runcast:idle"
"""Keeps a connection subscribed while no organization is; nothing is ever published there."""
MAX_PAUSE_S = 2.0


class RedisSubscription:
    """See `runcast_core.bus.Subscription`. Acknowledgements arrive only while somebody iterates."""

    def __init__(self, redis: Redis) -> None:
        self._pubsub = redis.pubsub()
        self._acknowledged: dict[str, anyio.Event] = defaultdict(anyio.Event)

    async def __aenter__(self) -> Self:
        try:
            await self._pubsub.subscribe(IDLE_CHANNEL)
        except (RedisError, OSError) as exc:
            await self._pubsub.aclose()  # type: ignore[no-untyped-call]
            raise BusUnavailable(f"Redis did not answer: {type(exc).__name__}") from exc
        return self

    async def __aexit__(self, *_: object) -> None:
        with anyio.CancelScope(shield=True):
            await self._pubsub.aclose()  # type: ignore[no-untyped-call]

    async def open(self, channel: str) -> None:
        """Subscribe without waiting for the acknowledgement."""
        await self._pubsub.subscribe(channel)

    async def add(self, organization_id: str) -> None:
        channel = events_channel(organization_id)
        try:
            if not self._acknowledged[channel].is_set():
                await self._pubsub.subscribe(channel)
        except (RedisError, OSError) as exc:
            raise BusUnavailable(f"Redis did not answer: {type(exc).__name__}") from exc
        await self._acknowledged[channel].wait()

    async def remove(self, organization_id: str) -> None:
        channel = events_channel(organization_id)
        self._acknowledged.pop(channel, None)
        try:
            await self._pubsub.unsubscribe(channel)
        except (RedisError, OSError) as exc:
            raise BusUnavailable(f"Redis did not answer: {type(exc).__name__}") from exc

    async def __aiter__(self) -> AsyncIterator[Delivery | Gap]:
        async for message in self.messages():
            organization_id = organization_of_channel(message["channel"].decode())
            if message["type"] == "gap":
                yield Gap(organization_id)
            else:
                yield decode(organization_id, message["data"])

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """Yield raw messages, and one of type `gap` for each channel that had to be subscribed again."""
        pause = 0.05
        while True:
            try:
                message = await self._pubsub.get_message(timeout=None)
            except (RedisError, OSError) as exc:
                log.warning("Subscription interrupted", reason=type(exc).__name__)
                await anyio.sleep(pause)
                pause = min(pause * 2, MAX_PAUSE_S)
                continue
            pause = 0.05
            if message is not None and (shown := self._shown(message)) is not None:
                yield shown

    def _shown(self, message: dict[str, Any]) -> dict[str, Any] | None:
        channel = message["channel"].decode()
        if message["type"] == "message":
            return message
        if message["type"] != "subscribe" or channel == IDLE_CHANNEL:
            return None
        again = self._acknowledged[channel].is_set()
        self._acknowledged[channel].set()
        return {"type": "gap", "channel": message["channel"]} if again else None


def encode(event: Event) -> bytes:
    """Return `<event> <taskId or -> <json>`; the offset is put before it by whoever knows it."""
    return b"%b %b %b" % (event.name.encode(), (event.task_id or "-").encode(), event.payload)


def decode(organization_id: str, message: bytes) -> Delivery:
    """Return the delivery of `<offset> <event> <taskId or -> <json>`."""
    offset, name, task_id, payload = message.split(b" ", 3)
    event = Event(name.decode(), None if task_id == b"-" else task_id.decode(), payload)
    return Delivery(organization_id, offset.decode(), event)
