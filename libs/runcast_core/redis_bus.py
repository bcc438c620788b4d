"""The bus on Redis: what every service publishes, reads and hears."""

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import orjson
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from runcast_core.bus import JournalPage, JournalTail, Signal, SignalKind
from runcast_core.errors import BusUnavailable, SettingError
from runcast_core.events import Event
from runcast_core.identifiers import CONTROL_CHANNEL, SOCKETIO_CHANNEL
from runcast_core.redis_journal import RedisJournals
from runcast_core.redis_subscription import RedisSubscription

TIMEOUT_S = 5


class RedisBus:
    """See `runcast_core.bus.Bus`."""

    def __init__(self, publisher: Redis, subscriber: Redis) -> None:
        self._publisher = publisher
        self._subscriber = subscriber
        self._journals = RedisJournals(publisher)

    async def publish(self, organization_id: str, event: Event) -> str:
        with _translated():
            return await self._journals.publish(organization_id, event)

    async def broadcast(self, event: Event) -> None:
        with _translated():
            await self._publisher.publish(SOCKETIO_CHANNEL, _stock_emit(event))

    async def read_journal(self, organization_id: str, *, start: str = "-", count: int = 1000) -> JournalPage:
        with _translated():
            return await self._journals.page(organization_id, start, count)

    async def journal_tail(self, organization_id: str) -> JournalTail:
        with _translated():
            return await self._journals.tail(organization_id)

    async def keep_journals(self, organization_ids: Collection[str]) -> None:
        with _translated():
            await self._journals.keep(organization_ids)

    @asynccontextmanager
    async def subscription(self) -> AsyncIterator[RedisSubscription]:
        subscription = RedisSubscription(self._subscriber)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(subscription.run)
            yield subscription
            tasks.cancel_scope.cancel()

    async def signal(self, signal: Signal) -> None:
        message = {"kind": signal.kind, "organizationId": signal.organization_id, "taskId": signal.task_id}
        with _translated():
            await self._publisher.publish(CONTROL_CHANNEL, orjson.dumps(message))

    @asynccontextmanager
    async def signals(self) -> AsyncIterator[AsyncIterator[Signal]]:
        async with self.subscription() as subscription:
            await subscription.open(CONTROL_CHANNEL)
            yield _signals(subscription)

    async def ping(self) -> None:
        with _translated():
            await self._publisher.ping()


@asynccontextmanager
async def open_redis_bus(url: str) -> AsyncIterator[RedisBus]:
    """Open a bus on `redis://`, `rediss://` or `unix://`; connects on first use. Raises `SettingError` for other URLs.

    A publish is never retried: after a lost reply a second one would double the entry. RESP2, as with RESP3 redis-py
    listens for maintenance notices and therefore takes a pooled connection that the server closed for a good one.
    """
    try:
        once: dict[str, Any] = {"retry": Retry(NoBackoff(), 0), "socket_connect_timeout": TIMEOUT_S, "protocol": 2}
        publisher = Redis.from_url(url, socket_timeout=TIMEOUT_S, **once)
        keepalive = {} if url.startswith("unix:") else {"socket_keepalive": True}
        subscriber = Redis.from_url(url, **once, **keepalive)
    except ValueError as exc:
        raise SettingError("REDIS_URL must begin with redis://, rediss:// or unix://") from exc
    async with publisher, subscriber:
        yield RedisBus(publisher, subscriber)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as exc:
        raise BusUnavailable(f"Redis did not answer: {type(exc).__name__}") from exc


async def _signals(subscription: RedisSubscription) -> AsyncIterator[Signal]:
    """Yield what is on the control channel; a message that is no signal is skipped."""
    async for _, data in subscription.messages():
        if data is None:
            yield Signal(SignalKind.WAKE)
            continue
        try:
            body = orjson.loads(data)
            yield Signal(SignalKind(body["kind"]), body["organizationId"], body["taskId"])
        except (ValueError, KeyError, TypeError):
            continue


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
