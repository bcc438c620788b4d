"""What was read from Redis and not taken yet: bounded, and taken all at once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio

MAX_MESSAGES = 10_000
MAX_BYTES = 16 * 1024 * 1024


@dataclass(slots=True, eq=False)
class Channel:
    """A channel that somebody wants. Wanted again after it was dropped, it is another one."""

    name: bytes
    organization_id: str
    """Empty for a channel that belongs to none."""
    sharded: bool = False
    """Whether it belongs to one node of a cluster."""
    dropped: bool = False
    acknowledged: anyio.Event = field(default_factory=anyio.Event)


Message = tuple[Channel, bytes | None]
"""What a channel carried. None: the channel was subscribed again, so messages may be missing here."""


class Inbox:
    """Filled by the readers of connections, emptied by one task. Its events are asyncio's, which are used again: a
    quarter of what a message costs when it comes alone."""

    def __init__(self) -> None:
        self._messages: list[Message] = []
        self._bytes = 0
        self._filled = asyncio.Event()
        self._taken = asyncio.Event()
        self._taker: Callable[[list[Message]], bool] | None = None
        self._enough: asyncio.Future[None]

    def put(self, channel: Channel, data: bytes | None) -> None:
        """Never waits; who puts calls `room` after it."""
        if not self._messages:
            self._filled.set()
        self._messages.append((channel, data))
        if data is not None:
            self._bytes += len(data)

    @property
    def full(self) -> bool:
        return len(self._messages) >= MAX_MESSAGES or self._bytes >= MAX_BYTES

    async def room(self) -> None:
        """Return once there is room. Whoever reads waits here, so that Redis keeps what follows, in its own bounds."""
        while self.full:
            self._taken.clear()
            await self._taken.wait()

    async def take(self) -> list[Message]:
        """Return what there is, once there is something."""
        await self._filled.wait()
        return self._take()

    async def pass_to(self, taker: Callable[[list[Message]], bool]) -> None:
        """Give what there is to `taker`, and what each read brings, in the middle of that: an event that comes alone
        costs half of what it costs through a task. Return once that says it had enough; raise what it raises."""
        self._taker, self._enough = taker, asyncio.get_running_loop().create_future()
        try:
            self.pass_on()
            await self._enough
        finally:
            self._taker = None

    def pass_on(self) -> None:
        """Note the end of a read."""
        if self._taker is None or not self._messages:
            return
        try:
            if self._taker(self._take()):
                return
            self._enough.set_result(None)
        except Exception as error:  # it is not the connection's, which goes on
            self._enough.set_exception(error)
        self._taker = None

    def _take(self) -> list[Message]:
        taken, self._messages, self._bytes = self._messages, [], 0
        self._filled.clear()
        self._taken.set()
        return taken
