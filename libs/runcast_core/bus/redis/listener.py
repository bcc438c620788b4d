"""One pub/sub connection to one node, kept for ever: acknowledged subscriptions, and a gap after every interruption.

redis-py's own `PubSub` reconnects within whatever call meets the loss, so two tasks may do it at once and leave the
connection broken. Here one task owns the connection, and what others want is a set that it tells the server about.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any

import anyio
import hiredis
import structlog
from redis.crc import key_slot
from redis.exceptions import NoPermissionError, ResponseError

from runcast_core.bus.redis.inbox import Channel, Inbox
from runcast_core.bus.redis.replies import Replies, Reply
from runcast_core.bus.redis.servers import FAILURES, Node
from runcast_core.model.errors import BusUnavailable, kinds
from runcast_core.model.identifiers import new_id

log = structlog.get_logger()

CONNECT_S = 10
FIRST_PAUSE_S, LAST_PAUSE_S = 0.05, 2.0
CANARY_S = 2.0
MISSED = 2

_MESSAGES = frozenset({b"message", b"smessage"})
_CONFIRMATIONS = frozenset({b"subscribe", b"ssubscribe"})


class Listener:
    """Puts what its channels carry into the inbox. `run` has to run beside whoever uses it.

    `moved` is called wherever another node may serve a channel by now; `tell` then tells this one again.
    """

    def __init__(self, node: Node, inbox: Inbox, moved: Callable[[], None]) -> None:
        self.name = node.name
        self.scope = anyio.CancelScope()
        self._node = node
        self._inbox = inbox
        self._moved = moved
        self._canary = Channel(f"runcast:canary:{new_id()}".encode(), "")
        """Its messages are published by whoever listens here; it keeps the connection subscribed, too."""
        self._channels: dict[bytes, Channel] = {}
        self._told: dict[bytes, Channel] = {}
        self._untold: set[bytes] = set()
        self._leaving: Counter[bytes] = Counter()
        """How many confirmations are due that a channel was unsubscribed."""
        self._changed = anyio.Event()
        self._pause_s = FIRST_PAUSE_S
        self._connected = False
        self._deaf = False
        self._alive = False
        self._holding = False

    def __len__(self) -> int:
        return len(self._channels)

    def check(self) -> None:
        if not self._connected or self._deaf:
            raise BusUnavailable("Redis did not answer: the subscription is interrupted")

    def assign(self, channel: Channel) -> None:
        self._channels[channel.name] = channel
        self.tell(channel.name)

    def withdraw(self, channel: Channel) -> None:
        self._channels.pop(channel.name, None)
        self._untold.discard(channel.name)
        if channel.name in self._told:
            self.tell(channel.name)

    def tell(self, *names: bytes) -> None:
        """Let the server know what is wanted of these channels, or of all that it does not know of."""
        self._untold.update(names or self._channels.keys() - self._told.keys())
        self._changed.set()

    async def run(self) -> None:
        """Keep connected and subscribed to what is wanted, until the scope is cancelled."""
        with self.scope:
            while True:
                try:
                    await self._converse()
                except* ResponseError as refused:
                    log.error("Subscription refused", node=self.name, reason=kinds(refused))  # noqa: TRY400 - by Redis
                    self._pause_s = LAST_PAUSE_S
                except* Exception as lost:
                    log.warning("Subscription interrupted", node=self.name, reason=kinds(lost))
                self._moved()
                await anyio.sleep(self._pause_s)
                self._pause_s = min(self._pause_s * 2, LAST_PAUSE_S)

    async def _converse(self) -> None:
        """Connect, and read and subscribe until the connection is lost, or nothing comes over it any more."""
        connection = self._node.connection()
        try:
            with anyio.fail_after(CONNECT_S):
                await connection.connect()
            self._told, self._leaving = {}, Counter()
            self._untold = {self._canary.name, *self._channels}
            self._canary.acknowledged = anyio.Event()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._subscribe, connection)
                tasks.start_soon(self._read, connection)
                tasks.start_soon(self._watch)
        finally:
            self._connected = False
            with anyio.CancelScope(shield=True):
                await connection.disconnect(nowait=True)

    async def _subscribe(self, connection: Any) -> None:
        """Tell the server, for ever, what changed. A channel that was dropped and wanted again meanwhile is told again,
        as its new acknowledgement is waited for."""
        while True:
            self._changed = anyio.Event()
            untold, self._untold = self._untold, set()
            commands = [command for name in untold if (command := self._command(name))]
            if commands:
                await connection.send_packed_command(connection.pack_commands(commands))
            await self._changed.wait()

    def _command(self, name: bytes) -> tuple[Any, ...] | None:
        """Return what the server is to be told of a channel. One command a channel: those of a cluster may not name
        channels of several slots."""
        wanted = self._canary if name == self._canary.name else self._channels.get(name)
        told = self._told.pop(name, None)
        if wanted is not None:
            self._told[name] = wanted
        elif told is not None:
            self._leaving[name] += 1
        channel, verb = wanted or told, "SUBSCRIBE" if wanted else "UNSUBSCRIBE"
        return (f"S{verb}" if channel.sharded else verb, name) if channel and wanted is not told else None

    async def _read(self, connection: Any) -> None:
        """Read for ever. Whoever takes from the inbox gets all that one read from the socket brought."""
        replies = Replies(connection, self._take, self._inbox.pass_on)
        while True:
            await replies.full()
            self._holding = True
            await self._inbox.room()
            self._holding = False
            replies.go_on()

    def _take(self, reply: Reply) -> bool:
        """Take in one reply; tell whether there is room for more. Raises what the server has no reason to say."""
        if isinstance(reply, hiredis.ReplyError):
            self._refused(reply)
            return True
        kind, name, data = reply
        channel = self._channels.get(name)
        if kind in _MESSAGES:
            self._alive = True
            if channel is not None and channel.acknowledged.is_set():
                self._inbox.put(channel, data)
        elif kind in _CONFIRMATIONS:
            self._confirm(name, channel)
        else:
            self._unsubscribed(name)
        return not self._inbox.full

    def _confirm(self, name: bytes, channel: Channel | None) -> None:
        """Note an acknowledgement; one after the first means that the connection was another one meanwhile."""
        self._connected, self._pause_s = True, FIRST_PAUSE_S
        if name == self._canary.name:
            self._canary.acknowledged.set()
        elif channel is not None:
            if channel.acknowledged.is_set():
                self._inbox.put(channel, None)
            channel.acknowledged.set()

    def _unsubscribed(self, name: bytes) -> None:
        """Note a confirmation. Where none is due, the server did it of its own accord: another node serves the slot."""
        self._leaving[name] -= 1
        if self._leaving[name] < 0 and name in self._told:
            del self._told[name]
            self._moved()
        if self._leaving[name] <= 0:
            del self._leaving[name]

    def _refused(self, error: hiredis.ReplyError) -> None:
        """The server refused to subscribe a channel. If another node serves its slot (`MOVED <slot> <node>`), ask anew
        who does; raise anything else."""
        kind, slot, *_ = (*str(error).split(), "")
        if kind != "MOVED" or not slot.isdecimal():
            raise (NoPermissionError if kind == "NOPERM" else ResponseError)(kind) from error
        for name in [name for name in self._told if key_slot(name) == int(slot)]:
            del self._told[name]
        self._moved()

    async def _watch(self) -> None:
        """Raise when nothing came for so long that a canary must have: the server stalls, or the connection is half
        open. What waits for room in the inbox counts as having come."""
        with anyio.fail_after(MISSED * CANARY_S):
            await self._canary.acknowledged.wait()
        missed = 0
        while missed < MISSED:
            self._alive = False
            await self._sing()
            missed = 0 if self._alive or self._holding else missed + 1
            self._deaf = self._deaf and missed > 0
        self._deaf = True
        raise BusUnavailable("Redis is silent")

    async def _sing(self) -> None:
        """Publish a canary; return when it is due to be back."""
        due = anyio.current_time() + CANARY_S
        with anyio.CancelScope(deadline=due):
            try:
                await self._node.publish(self._canary.name.decode())
            except FAILURES as failed:
                log.warning("Canary not published", node=self.name, reason=type(failed).__name__)
        await anyio.sleep_until(due)
