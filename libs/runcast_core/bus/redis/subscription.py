"""One subscriber of the bus: a listener for each node that serves a wanted channel; on one server there is one."""

from collections.abc import AsyncIterator, Callable

import anyio
import structlog
from anyio.abc import TaskGroup

from runcast_core.bus.bus import Delivery, Gap, gapless
from runcast_core.bus.redis.inbox import Channel, Inbox, Message
from runcast_core.bus.redis.listener import Listener
from runcast_core.bus.redis.message import decode
from runcast_core.bus.redis.servers import FAILURES, Servers
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.identifiers import CONTROL_CHANNEL, events_channel

log = structlog.get_logger()

FIRST_PAUSE_S, LAST_PAUSE_S = 0.1, 2.0


class RedisSubscription:
    """See `runcast_core.bus.bus.Subscription`. `run` has to run beside whoever uses it, in the same task group."""

    def __init__(self, servers: Servers, tasks: TaskGroup) -> None:
        self._servers = servers
        self._tasks = tasks
        self._inbox = Inbox()
        self._channels: dict[str, Channel] = {}
        self._listeners: dict[str, Listener] = {}
        self._places: dict[Channel, Listener] = {}
        self._moved = anyio.Event()
        self._moved.set()

    def check(self) -> None:
        if not self._listeners:
            raise BusUnavailable("Redis did not answer: nothing is subscribed")
        for listener in self._listeners.values():
            listener.check()

    async def add(self, organization_id: str) -> None:
        await self._open(events_channel(organization_id), organization_id, sharded=self._servers.sharded)

    async def listen(self, name: str) -> None:
        """Return once the server acknowledged a channel that belongs to no organization."""
        await self._open(name, "", sharded=False)

    def remove(self, organization_id: str) -> None:
        channel = self._channels.pop(events_channel(organization_id), None)
        if channel is not None:
            channel.dropped = True
            channel.acknowledged.set()
            if place := self._places.pop(channel, None):
                place.withdraw(channel)

    async def __aiter__(self) -> AsyncIterator[list[Delivery | Gap]]:
        while True:
            if items := _items(await self._inbox.take()):
                yield items

    async def until_gap(self, relay: Callable[[list[Delivery]], None]) -> list[Delivery | Gap]:
        last: list[Delivery | Gap] = []

        def take(messages: list[Message]) -> bool:
            nonlocal last
            last = _items(messages)
            if (deliveries := gapless(last)) is None:
                return False
            relay(deliveries)
            return True

        await self._inbox.pass_to(take)
        return last

    async def messages(self) -> AsyncIterator[Message]:
        while True:
            for message in await self._inbox.take():
                yield message

    async def run(self) -> None:
        """Ask anew who serves what wherever something moved, and now and then, for ever."""
        pause_s = FIRST_PAUSE_S
        while True:
            with anyio.move_on_after(self._servers.refresh_s):
                await self._moved.wait()
            self._moved = anyio.Event()
            pause_s = FIRST_PAUSE_S if await self._refresh() else min(pause_s * 2, LAST_PAUSE_S)
            await anyio.sleep(pause_s)

    async def _open(self, name: str, organization_id: str, *, sharded: bool) -> None:
        channel = self._channels.get(name)
        if channel is None:
            channel = self._channels[name] = Channel(name.encode(), organization_id, sharded)
            try:
                self._place(channel)
            except FAILURES:
                self._look_again()
        await channel.acknowledged.wait()

    async def _refresh(self) -> bool:
        try:
            await self._servers.refresh()
            self._place_all()
        except Exception as failed:  # whatever redis-py makes of a strange answer: nobody else would try again
            log.warning("Redis not found", reason=type(failed).__name__)
            self._look_again()
            return False
        return True

    def _place_all(self) -> None:
        """Give each channel to the node that serves it. Without any there is still one connection, to be ready."""
        home = self._listener_of(CONTROL_CHANNEL)
        for channel in self._channels.values():
            self._place(channel)
        for listener in list(self._listeners.values()):
            if listener is home or len(listener):
                listener.tell()
            else:
                self._listeners.pop(listener.name).scope.cancel()

    def _place(self, channel: Channel) -> None:
        listener, before = self._listener_of(channel.name.decode()), self._places.get(channel)
        if listener is not before:
            if before is not None:
                before.withdraw(channel)
            self._places[channel] = listener
            listener.assign(channel)

    def _listener_of(self, name: str) -> Listener:
        node = self._servers.node(name)
        if node.name not in self._listeners:
            self._listeners[node.name] = listener = Listener(node, self._inbox, self._look_again)
            self._tasks.start_soon(listener.run)
        return self._listeners[node.name]

    def _look_again(self) -> None:
        self._moved.set()


def _items(messages: list[Message]) -> list[Delivery | Gap]:
    return [item for message in messages if (item := _item(*message)) is not None]


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
