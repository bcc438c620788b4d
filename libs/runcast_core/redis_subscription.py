"""One Redis pub/sub connection, kept for ever: acknowledged subscriptions, and a gap wherever it was interrupted.

redis-py's own `PubSub` reconnects within whatever call meets the loss, so two tasks may do it at once and leave the
connection broken. Here one task owns the connection, and what others want is a set that it tells the server about.
"""

import math
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import anyio
import structlog
from redis.asyncio import Redis

from runcast_core.bus import Delivery, Gap
from runcast_core.errors import BusUnavailable, kinds
from runcast_core.events import Event
from runcast_core.identifiers import events_channel, organization_of_channel

log = structlog.get_logger()

IDLE_CHANNEL = "runcast:idle"
"""Keeps a connection subscribed while no organization is; nothing is ever published there."""
CONNECT_S = 10
FIRST_PAUSE_S, LAST_PAUSE_S = 0.05, 2.0
MAX_WAITING = 1000
"""Messages that were read and not taken yet; beyond that Redis keeps them, within its own bounds."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a channel carried. None as `data`: the channel was subscribed again, so messages may be missing here."""

    channel: str
    data: bytes | None


class RedisSubscription:
    """See `runcast_core.bus.Subscription`. `run` has to run beside whoever uses it."""

    def __init__(self, redis: Redis) -> None:
        self._pool = redis.connection_pool
        self._acknowledged = {IDLE_CHANNEL: anyio.Event()}
        self._changed = anyio.Event()
        self._sender, self._receiver = anyio.create_memory_object_stream[Message](MAX_WAITING)
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

    def close(self) -> None:
        self._sender.close()
        self._receiver.close()

    def check(self) -> None:
        if not self._connected:
            raise BusUnavailable("Redis did not answer: the subscription is interrupted")

    async def add(self, organization_id: str) -> None:
        await self.open(events_channel(organization_id))

    def remove(self, organization_id: str) -> None:
        acknowledged = self._acknowledged.pop(events_channel(organization_id), None)
        if acknowledged is not None:
            acknowledged.set()
            self._changed.set()

    async def open(self, channel: str) -> None:
        """Return once the server acknowledged the channel, however long that takes."""
        if channel not in self._acknowledged:
            self._acknowledged[channel] = anyio.Event()
            self._changed.set()
        await self._acknowledged[channel].wait()

    async def __aiter__(self) -> AsyncIterator[Delivery | Gap]:
        async for message in self.messages():
            organization_id = organization_of_channel(message.channel)
            if message.data is None:
                yield Gap(organization_id)
                continue
            try:
                yield decode(organization_id, message.data)
            except ValueError:
                log.error("Message skipped, it is no event", organization=organization_id)  # noqa: TRY400 - no text of it

    async def messages(self) -> AsyncIterator[Message]:
        async for message in self._receiver:
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
        told: dict[str, anyio.Event] = {}
        while True:
            self._changed = anyio.Event()
            wanted = dict(self._acknowledged)
            new = [channel for channel, acknowledged in wanted.items() if told.get(channel) is not acknowledged]
            for command, channels in (("SUBSCRIBE", new), ("UNSUBSCRIBE", told.keys() - wanted.keys())):
                if channels:
                    await connection.send_command(command, *channels)
            told = wanted
            await self._changed.wait()

    async def _read(self, connection: Any) -> None:
        while True:
            kind, name, data = await connection.read_response(timeout=math.inf)
            channel = name.decode()
            if channel not in self._acknowledged:
                continue  # not wanted any more
            if kind == b"message":
                await self._sender.send(Message(channel, data))
            elif kind == b"subscribe":
                await self._confirm(channel)

    async def _confirm(self, channel: str) -> None:
        """Note an acknowledgement; one after the first means that the connection was another one meanwhile."""
        self._connected, self._pause_s = True, FIRST_PAUSE_S
        acknowledged = self._acknowledged[channel]
        if acknowledged.is_set() and channel != IDLE_CHANNEL:
            await self._sender.send(Message(channel, None))
        acknowledged.set()


def encode(event: Event) -> bytes:
    """Return `<event> <taskId or -> <json>`; the offset is put before it by whoever knows it."""
    return b"%b %b %b" % (event.name.encode(), (event.task_id or "-").encode(), event.payload)


def decode(organization_id: str, message: bytes) -> Delivery:
    """Return the delivery of `<offset> <event> <taskId or -> <json>`. Raises `ValueError` for anything else."""
    offset, name, task_id, payload = message.split(b" ", 3)
    event = Event(name.decode(), None if task_id == b"-" else task_id.decode(), payload)
    return Delivery(organization_id, offset.decode(), event)
