"""The bus on Redis: what every service publishes, reads and hears."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import anyio
import orjson
import structlog
from redis.exceptions import MovedError

from runcast_core.bus.bus import JournalPage, JournalTail, Signal, SignalKind
from runcast_core.bus.owed_resyncs import OwedResyncs
from runcast_core.bus.redis.api_keys import RedisApiKeys
from runcast_core.bus.redis.connections import TIMEOUT_S, open_servers
from runcast_core.bus.redis.journal import RedisJournals
from runcast_core.bus.redis.presence import RedisPresence
from runcast_core.bus.redis.scripts import RedisScripts
from runcast_core.bus.redis.servers import FAILURES, Servers
from runcast_core.bus.redis.signals import decode_signal, encode_signal
from runcast_core.bus.redis.subscription import RedisSubscription
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.events import Event, resync
from runcast_core.model.identifiers import CONTROL_CHANNEL, SOCKETIO_CHANNEL

log = structlog.get_logger()

CALLS = 50
"""Calls at once; others wait, as a client has a bound of connections."""
PAID_TOGETHER = 20
FIRST_PAUSE_S, LAST_PAUSE_S = 0.1, 2.0
CLOSE_S = 2


class RedisBus(RedisApiKeys, RedisPresence):
    """See `runcast_core.bus.bus.Bus`. `run` has to run beside whoever publishes."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.owed = OwedResyncs()
        self._journals = RedisJournals(servers)
        self._calls = anyio.Semaphore(CALLS, fast_acquire=True)
        self._scripts = RedisScripts(servers, self._answered)

    async def publish(self, organization_id: str, event: Event) -> str:
        try:
            async with self._answered():
                return await self._journals.publish(organization_id, event)
        except (BusUnavailable, anyio.get_cancelled_exc_class()):
            self.owed.add(organization_id, event.task_id)
            raise

    async def broadcast(self, event: Event) -> None:
        async with self._answered():
            await self.servers.execute(SOCKETIO_CHANNEL, "PUBLISH", SOCKETIO_CHANNEL, _stock_emit(event))

    async def read_journal(self, organization_id: str, *, start: str = "-", count: int = 1000) -> JournalPage:
        async with self._answered():
            return await self._journals.page(organization_id, start, count)

    async def journal_tail(self, organization_id: str) -> JournalTail:
        async with self._answered():
            return await self._journals.tail(organization_id)

    async def keep_journals(self, organization_ids: Collection[str]) -> None:
        for organization_id in organization_ids:
            async with self._answered():
                await self._journals.keep(organization_id)

    @asynccontextmanager
    async def subscription(self) -> AsyncIterator[RedisSubscription]:
        async with anyio.create_task_group() as tasks:
            subscription = RedisSubscription(self.servers, tasks)
            tasks.start_soon(subscription.run)
            yield subscription
            tasks.cancel_scope.cancel()

    async def signal(self, signal: Signal) -> None:
        async with self._answered():
            await self.servers.execute(CONTROL_CHANNEL, "PUBLISH", CONTROL_CHANNEL, encode_signal(signal))

    @asynccontextmanager
    async def signals(self) -> AsyncIterator[AsyncIterator[Signal]]:
        async with self.subscription() as subscription:
            await subscription.listen(CONTROL_CHANNEL)
            yield _signals(subscription)

    async def ping(self) -> None:
        async with self._answered():
            await self.servers.execute(CONTROL_CHANNEL, "PING")

    async def run(self) -> None:
        """Publish, for ever, the `resync`s that failed publishes left owed, once Redis answers again."""
        pause_s = FIRST_PAUSE_S
        while True:
            await self.owed.wait()
            pause_s = FIRST_PAUSE_S if await self.pay() else min(pause_s * 2, LAST_PAUSE_S)
            await anyio.sleep(pause_s)

    async def pay(self) -> bool:
        """Publish what is owed, some at a time. One that fails is owed again, and then no more are tried."""
        failed: list[str] = []

        async def publish(organization_id: str, task_id: str | None) -> None:
            try:
                await self.publish(organization_id, resync("publish failed", task_id))
            except BusUnavailable as error:  # and the debt is remembered, as that of any publish
                failed.append(error.message)

        while not failed and (debts := self.owed.take(PAID_TOGETHER)):
            async with anyio.create_task_group() as tasks:
                for debt in debts:
                    tasks.start_soon(publish, *debt)
        if failed:
            log.warning("Resyncs postponed", owed=len(self.owed), reason=failed[0])
        return not failed

    @asynccontextmanager
    async def _answered(self) -> AsyncIterator[None]:
        """Wait for a free call and for its answer, or raise `BusUnavailable`."""
        try:
            with anyio.fail_after(2 * TIMEOUT_S):
                async with self._calls:
                    yield
        except MovedError as exc:
            raise BusUnavailable("Redis is a cluster: REDIS_URL must begin with redis+cluster://") from exc
        except FAILURES as exc:
            raise BusUnavailable(f"Redis did not answer: {type(exc).__name__}") from exc


@asynccontextmanager
async def open_redis_bus(url: str) -> AsyncIterator[RedisBus]:
    """Open a bus on what `connections.py` says of URLs; connects on first use. Raises `SettingError` for others."""
    bus = RedisBus(open_servers(url))
    try:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(bus.run)
            yield bus
            tasks.cancel_scope.cancel()
    finally:
        with anyio.move_on_after(CLOSE_S, shield=True):
            await bus.pay()
        if len(bus.owed):
            log.error("Resyncs not published, Redis does not answer", owed=len(bus.owed))
        with anyio.CancelScope(shield=True):
            await bus.servers.aclose()


async def _signals(subscription: RedisSubscription) -> AsyncIterator[Signal]:
    """Yield what is on the control channel; a message that is no signal is skipped."""
    async for _, data in subscription.messages():
        if data is None:
            yield Signal(SignalKind.WAKE)
            continue
        signal = decode_signal(data)
        if signal is not None:
            yield signal


def _stock_emit(event: Event) -> bytes:
    """Return the message that a stock `socketio.AsyncRedisManager` publishes for an emit to everybody."""
    message = {
        "method": "emit",
        "event": event.name,
        "data": [orjson.Fragment(event.payload)],
        "binary": False,
        "namespace": "/",
        "room": None,
        "skip_sid": None,
        "callback": None,
        "host_id": "runcast",
    }
    return orjson.dumps(message)
