"""The bus on Redis: one Lua script appends to the journal and publishes, so both have the same order and offsets."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import anyio
import orjson
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from runcast_core.bus import Delivery, Signal, SignalKind
from runcast_core.errors import BusUnavailable, SettingError
from runcast_core.events import Event
from runcast_core.identifiers import CONTROL_CHANNEL, SOCKETIO_CHANNEL, events_channel, journal_key
from runcast_core.redis_subscription import RedisSubscription, decode, encode

JOURNAL_ENTRIES = 10_000
JOURNAL_BYTES = 8 * 1024 * 1024
JOURNAL_TTL_S = 3600
TIMEOUT_S = 5

# The channel is an argument and not a key: as a key it gives TRYAGAIN while a cluster migrates its slot.
_PUBLISH = """
local id = redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[3], '*', 'e', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[5])
if redis.call('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', 8) > tonumber(ARGV[4]) then
  redis.call('XTRIM', KEYS[1], 'MAXLEN', math.floor(redis.call('XLEN', KEYS[1]) * 0.75))
end
redis.call('PUBLISH', ARGV[1], id .. ' ' .. ARGV[2])
return id
"""


class RedisBus:
    """See `runcast_core.bus.Bus`."""

    def __init__(self, publisher: Redis, subscriber: Redis) -> None:
        self._publisher = publisher
        self._subscriber = subscriber
        self._publish = publisher.register_script(_PUBLISH)

    async def publish(self, organization_id: str, event: Event) -> str:
        bounds: list[Any] = [JOURNAL_ENTRIES, JOURNAL_BYTES, JOURNAL_TTL_S]
        arguments = [events_channel(organization_id), encode(event), *bounds]
        with _translated():
            offset: bytes = await self._publish(keys=[journal_key(organization_id)], args=arguments)
        return offset.decode()

    async def broadcast(self, event: Event) -> None:
        with _translated():
            await self._publisher.publish(SOCKETIO_CHANNEL, _stock_emit(event))

    async def read_journal(self, organization_id: str, *, start: str = "-", count: int = 1000) -> list[Delivery]:
        with _translated():
            entries: Any = await self._publisher.xrange(journal_key(organization_id), min=start, count=count)
        return [decode(organization_id, offset + b" " + fields[b"e"]) for offset, fields in entries]

    @asynccontextmanager
    async def subscription(self) -> AsyncIterator[RedisSubscription]:
        subscription = RedisSubscription(self._subscriber)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(subscription.run)
                yield subscription
                tasks.cancel_scope.cancel()
        finally:
            subscription.close()

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
    async for message in subscription.messages():
        if message.data is None:
            yield Signal(SignalKind.WAKE)
            continue
        try:
            body = orjson.loads(message.data)
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
