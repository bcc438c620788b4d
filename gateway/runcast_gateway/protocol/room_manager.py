"""Room operations across gateways through the stock Redis manager: a write-only one can emit to any room."""

import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import socketio
import structlog

from runcast_core.bus.redis.connections import room_client
from runcast_core.bus.redis.room_channel import room_messages
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.events import RESERVED
from runcast_core.model.identifiers import SOCKETIO_CHANNEL
from runcast_gateway.metrics import GatewayMetrics

log = structlog.get_logger()

RETRY_S = 1.0


class RoomManager(socketio.AsyncRedisManager):  # type: ignore[misc]  # python-socketio has no types
    """A stock manager that refuses the event names which only a gateway may emit."""

    def __init__(self, url: str, metrics: GatewayMetrics) -> None:
        super().__init__(url, channel=SOCKETIO_CHANNEL)
        self._metrics = metrics
        self._attempts = itertools.count()
        self._entered: dict[str, set[Any]] = {}
        """The rooms of each socket, beside its own and that of all."""

    def basic_enter_room(self, sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> None:
        super().basic_enter_room(sid, namespace, room, eio_sid=eio_sid)
        if room is not None and room != sid:
            self._entered.setdefault(sid, set()).add(room)

    def basic_disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        """As the stock one, which looks through the rooms of every socket there is."""
        for room in (None, sid, *self._entered.pop(sid, ())):
            self.basic_leave_room(sid, namespace, room)
        self.callbacks.pop(sid, None)
        for waiting in (self.pending_connect, self.pending_disconnect):
            if sid in waiting.get(namespace, ()):
                waiting[namespace].remove(sid)
                if not waiting[namespace]:
                    del waiting[namespace]

    def _redis_connect(self) -> None:
        """As the stock one, which knows neither our URL of Sentinels nor one of a cluster."""
        self.redis = room_client(self.redis_url, next(self._attempts))
        self.pubsub = self.redis.pubsub(ignore_subscribe_messages=True)
        self.connected = True

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        """As the stock one, but for sockets of which nobody can say yet whether their tokens were revoked."""
        for sid, eio_sid in super().get_participants(namespace, room):
            if self.server.may_hear(sid):
                yield sid, eio_sid

    async def _handle_emit(self, message: dict[str, Any]) -> None:
        if message.get("event") in RESERVED:
            self._metrics.refused_emits.inc()
            log.error("Emit refused, reserved event name", event_name=message.get("event"))
            return
        await super()._handle_emit(message)

    async def _redis_listen_with_retries(self) -> AsyncIterator[Any]:
        """As the stock one, which after a long outage comes back up to a minute late."""
        while True:
            try:
                self._redis_connect()
                async for message in room_messages(self.pubsub, self.channel):
                    yield message
            except BusUnavailable as error:
                log.warning("Room operations interrupted", reason=error.message)
            await anyio.sleep(RETRY_S)
