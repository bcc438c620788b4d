"""The local sockets by organization. Knows nothing of Redis: it takes deliveries and gives frames to sockets."""

import structlog

from runcast_core.bus import Delivery
from runcast_core.events import Event, resync
from runcast_gateway.frame import event_frame
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.socket import Socket

log = structlog.get_logger()


class Hub:
    """Relays each delivery to the sockets of its organization and to no other."""

    def __init__(self, metrics: GatewayMetrics) -> None:
        self._metrics = metrics
        self._sockets: dict[str, dict[str, Socket]] = {}

    def join(self, socket: Socket) -> None:
        """Let a socket receive what is delivered from now on."""
        sockets = self._sockets.setdefault(socket.organization_id, {})
        sockets[socket.sid] = socket
        self._metrics.sockets.labels(socket.organization_id).set(len(sockets))

    def leave(self, socket: Socket) -> None:
        sockets = self._sockets.get(socket.organization_id, {})
        if sockets.pop(socket.sid, None) is None:
            return
        if not sockets:
            del self._sockets[socket.organization_id]
        self._metrics.left(socket.organization_id, len(sockets))

    def holds(self, organization_id: str) -> bool:
        return organization_id in self._sockets

    def deliver(self, delivery: Delivery) -> None:
        """Queue one event to every socket of its organization, without waiting: order is the order of the calls."""
        self._metrics.relayed.inc()
        self._relay(delivery.organization_id, delivery.event)

    def resync(self, organization_id: str, reason: str) -> None:
        """Tell every socket of the organization to read again over HTTP."""
        self._relay(organization_id, resync(reason))

    def _relay(self, organization_id: str, event: Event) -> None:
        sockets = self._sockets.get(organization_id)
        if not sockets:
            return
        frame = event_frame(event)
        for socket in list(sockets.values()):
            if socket.organization_id != organization_id:
                self._metrics.misrouted.inc()
                log.error("Event kept from another organization's socket", socket=socket.sid, event_name=event.name)
            elif socket.send(frame):
                self._metrics.deliveries.inc()
