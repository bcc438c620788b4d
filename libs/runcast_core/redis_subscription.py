"""One Redis pub/sub connection, kept for ever: acknowledged subscriptions, and a gap wherever it was interrupted.

redis-py's own `PubSub` reconnects within whatever call meets the loss, so two tasks may do it at once and leave the
connection broken. Here one task owns the connection, and what others want is a set that it tells the server about.
"""

import math
from collections.abc import AsyncIterator
from typing import Any

import anyio
import structlog
from redis.asyncio import Redis

from runcast_core.bus import Delivery, Gap
from runcast_core.errors import BusUnavailable, kinds
from runcast_core.identifiers import events_channel
from runcast_core.redis_inbox import Channel, Inbox, Message
from runcast_core.redis_message import decode

log = structlog.get_logger()

IDLE_CHANNEL = "runcast:idle"
"""Keeps a connection subscribed while no organization is; nothing is ever published there."""
CONNECT_S = 10
FIRST_PAUSE_S, LAST_PAUSE_S = 0.05, 2.0


class RedisSubscription:
    """See `runcast_core.bus.Subscription`. `run` has to run beside whoever uses it."""

    def __init__(self, redis: Redis) -> None:
        self._pool = redis.connection_pool
        self._idle = Channel(IDLE_CHANNEL.encode(), "")
        self._channels = {self._idle.name: self._idle}
        self._changed = anyio.Event()
        self._inbox = Inbox()
        self._connected = False
        self._pause_s = FIRST_PAUSE_S

    async def run(self) -> None:
        """Keep connected and subscribed to what is wanted, for ever; another connection follows whatever ended one."""
        while True:
            try:
                await self._converse()
            except* Exception as lost:
                log.warning("Subscription interrupted", reason=kinds(lost))
            await anyio.sleep(self._pause_s)
            self._pause_s = min(self._pause_s * 2, LAST_PAUSE_S)

    def check(self) -> None:
        if not self._connected:
            raise BusUnavailable("Redis did not answer: the subscription is interrupted")

    async def add(self, organization_id: str) -> None:
        await self.open(events_channel(organization_id), organization_id)

    def remove(self, organization_id: str) -> None:
        channel = self._channels.pop(events_channel(organization_id).encode(), None)
        if channel is not None:
            channel.dropped = True
            channel.acknowledged.set()
            self._changed.set()

    async def open(self, name: str, organization_id: str = "") -> None:
        """Return once the server acknowledged the channel, however long that takes."""
        key = name.encode()
        if key not in self._channels:
            self._channels[key] = Channel(key, organization_id)
            self._changed.set()
        await self._channels[key].acknowledged.wait()

    async def __aiter__(self) -> AsyncIterator[list[Delivery | Gap]]:
        while True:
            items = [item for message in await self._inbox.take() if (item := _item(*message)) is not None]
            if items:
                yield items

    async def messages(self) -> AsyncIterator[Message]:
        while True:
            for message in await self._inbox.take():
                yield message

    async def _converse(self) -> None:
        """Connect, and read and subscribe until the connection is lost."""
        connection = self._pool.make_connection()  # type: ignore[no-untyped-call]
        try:
            with anyio.fail_after(CONNECT_S):
                await connection.connect()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._subscribe, connection)
                tasks.start_soon(self._read, connection)
        finally:
            self._connected = False
            with anyio.CancelScope(shield=True):
                await connection.disconnect(nowait=True)

    async def _subscribe(self, connection: Any) -> None:
        """Tell the server, for ever, which channels are wanted now; one that was dropped and wanted again meanwhile is
        told again, as its new acknowledgement is waited for."""
        told: dict[bytes, Channel] = {}
        while True:
            self._changed = anyio.Event()
            wanted = dict(self._channels)
            new = [name for name, channel in wanted.items() if told.get(name) is not channel]
            for command, names in (("SUBSCRIBE", new), ("UNSUBSCRIBE", told.keys() - wanted.keys())):
                if names:
                    await connection.send_command(command, *names)
            told = wanted
            await self._changed.wait()

    async def _read(self, connection: Any) -> None:
        """Read for ever. Replies that are buffered are read without a pause, so whoever takes from the inbox gets all
        that one read from the socket brought."""
        channels, inbox, read = self._channels, self._inbox, connection.read_response
        while True:
            kind, name, data = await read(timeout=math.inf)
            channel = channels.get(name)
            if channel is None:
                continue  # not wanted any more
            if kind == b"message":
                if channel.acknowledged.is_set():
                    inbox.put(channel, data)
            elif kind == b"subscribe":
                self._confirm(channel)
            if inbox.full:
                await inbox.room()

    def _confirm(self, channel: Channel) -> None:
        """Note an acknowledgement; one after the first means that the connection was another one meanwhile."""
        self._connected, self._pause_s = True, FIRST_PAUSE_S
        if channel.acknowledged.is_set() and channel is not self._idle:
            self._inbox.put(channel, None)
        channel.acknowledged.set()


def _item(channel: Channel, data: bytes | None) -> Delivery | Gap | None:
    """Return what the message says; None for what is no event, and for what nobody wants any more."""
    if channel.dropped:
        return None
    if data is None:
        return Gap(channel.organization_id)
    try:
        return decode(channel.organization_id, data)
    except ValueError:
        log.error("Message skipped, it is no event", organization=channel.organization_id)  # noqa: TRY400 - no text of it
        return None
