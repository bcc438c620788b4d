"""Room operations across gateways, through the stock Redis manager: anybody with a write-only one can emit to a room."""

from typing import Any

import socketio
from runcast_core.events import RESERVED
from runcast_core.identifiers import SOCKETIO_CHANNEL

from runcast_gateway.metrics import GatewayMetrics


class RoomManager(socketio.AsyncRedisManager):
    """A stock manager that refuses the event names which only a gateway may emit."""

    def __init__(self, url: str, metrics: GatewayMetrics) -> None:
        super().__init__(url, channel=SOCKETIO_CHANNEL)
        self._metrics = metrics

    async def _handle_emit(self, message: dict[str, Any]) -> None:
        if message.get("event") in RESERVED:
            self._metrics.refused_emits.inc()
            self._get_logger().error("Emit refused, reserved event name: %s", message.get("event"))
            return
        await super()._handle_emit(message)
