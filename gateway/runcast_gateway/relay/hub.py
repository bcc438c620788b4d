"""The local sockets by organization. Knows nothing of Redis: it takes deliveries and gives frames to sockets."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set

import structlog

from runcast_core.bus.bus import Delivery
from runcast_core.model.identifiers import room as room_name
from runcast_gateway.bounds import Bounds
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.relay.room import Room
from runcast_gateway.relay.socket import Socket

log = structlog.get_logger()


class Hub:
    """A room for each organization that has, or just had, a socket here. Listens to its sockets' connections."""

    def __init__(
        self, metrics: GatewayMetrics, bounds: Bounds, *, on_change: Callable[[], None] = lambda: None
    ) -> None:
        self._metrics = metrics
        self._bounds = bounds
        self._on_change = on_change
        self._rooms: dict[str, Room] = {}
        self._sockets: dict[str, dict[Socket, None]] = {}
        """Those that arrived, by organization, whether they joined their room already or not."""
        self._users: dict[str, Counter[str]] = {}
        """How many sockets each user has here, by organization."""

    def room(self, organization_id: str) -> Room:
        """Return the organization's room, made if need be."""
        room = self._rooms.get(organization_id)
        if room is None:
            room = self._rooms[organization_id] = Room(organization_id, self._metrics, self._bounds)
        return room

    def close(self, organization_id: str) -> None:
        """Forget the room of an organization without sockets, and how far it was relayed."""
        if not self.holds(organization_id):
            self._rooms.pop(organization_id, None)

    def is_open(self, organization_id: str) -> bool:
        """Tell whether the organization's room is open: its revocations and its journal's end are known."""
        room = self._rooms.get(organization_id)
        return room is not None and room.epoch is not None

    def deliver(self, organization_id: str, deliveries: Sequence[Delivery]) -> None:
        """Relay to the organization's sockets; what nobody here asked for any more is dropped."""
        room = self._rooms.get(organization_id)
        if room is not None:
            room.deliver(deliveries)

    def holds(self, organization_id: str) -> bool:
        return organization_id in self._sockets

    def sockets(self, organization_id: str, subjects: Set[str]) -> list[Socket]:
        """Return the sockets here whose tokens are of any of these subjects."""
        return [s for s in self._sockets.get(organization_id, ()) if not subjects.isdisjoint(s.claims.subjects)]

    def all_sockets(self) -> Iterator[Socket]:
        for sockets in self._sockets.values():
            yield from sockets

    def presence(self) -> dict[str, dict[str, int]]:
        """Return how many sockets each user has, by organization."""
        return {organization_id: dict(users) for organization_id, users in self._users.items()}

    def count(self, organization_id: str, user_id: str | None = None) -> int:
        """Return how many sockets an organization, or one of its users, has here."""
        if user_id is None:
            return len(self._sockets.get(organization_id, ()))
        return self._users.get(organization_id, Counter())[user_id]

    def arrive(self, socket: Socket) -> None:
        """Count a socket that was let in. It is sent nothing before it joins its room."""
        sockets = self._sockets.setdefault(socket.organization_id, {})
        sockets[socket] = None
        self._users.setdefault(socket.organization_id, Counter())[socket.claims.user_id] += 1
        self._note_change(socket.organization_id, len(sockets))

    def replace(self, socket: Socket) -> None:
        """Let a socket be sent what it wants now."""
        self.room(socket.organization_id).replace(socket)

    def lost(self, socket: Socket) -> None:
        """Forget a socket that arrived; once is enough."""
        if socket.gone:
            return
        socket.gone = True
        self.room(socket.organization_id).leave(socket)
        sockets, users = self._sockets[socket.organization_id], self._users[socket.organization_id]
        del sockets[socket]
        users[socket.claims.user_id] -= 1
        if not users[socket.claims.user_id]:
            del users[socket.claims.user_id]
        if not sockets:
            del self._sockets[socket.organization_id], self._users[socket.organization_id]
        self._note_change(socket.organization_id, len(sockets))
        log.info("Socket disconnected", socket=socket.sid, room=room_name(socket.organization_id))

    def _note_change(self, organization_id: str, count: int) -> None:
        self._metrics.count_sockets(organization_id, count)
        self._on_change()

    def congested(self, socket: Socket) -> None:
        if not socket.gone:
            self.room(socket.organization_id).shed(socket)

    def drained(self, socket: Socket) -> None:
        if not socket.gone:
            self.room(socket.organization_id).resume(socket)
