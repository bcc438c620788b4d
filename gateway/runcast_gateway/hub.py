"""The local sockets by organization. Knows nothing of Redis: it takes deliveries and gives frames to sockets."""

from collections import Counter
from collections.abc import Iterator, Sequence

import structlog

from runcast_core.bus import Delivery
from runcast_core.identifiers import room as room_name
from runcast_gateway.bounds import Bounds
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.offset import Offset
from runcast_gateway.room import Room
from runcast_gateway.socket import Socket

log = structlog.get_logger()


class Hub:
    """A room for each organization that has, or just had, a socket here. Listens to its sockets' connections."""

    def __init__(self, metrics: GatewayMetrics, bounds: Bounds) -> None:
        self._metrics = metrics
        self._bounds = bounds
        self._rooms: dict[str, Room] = {}
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

    def deliver(self, organization_id: str, deliveries: Sequence[Delivery]) -> None:
        """Relay to the organization's sockets; what nobody here asked for any more is dropped."""
        room = self._rooms.get(organization_id)
        if room is not None:
            room.deliver(deliveries)

    def holds(self, organization_id: str) -> bool:
        return organization_id in self._users

    def sockets(self, organization_id: str, user_id: str | None = None) -> list[Socket]:
        """Return the sockets of an organization here, or of one of its users."""
        room = self._rooms.get(organization_id)
        found = [] if room is None else room.sockets
        return [socket for socket in found if user_id is None or socket.claims.user_id == user_id]

    def all_sockets(self) -> Iterator[Socket]:
        for room in self._rooms.values():
            yield from room.sockets

    def presence(self) -> dict[str, dict[str, int]]:
        """Return how many sockets each user has, by organization."""
        return {organization_id: dict(users) for organization_id, users in self._users.items()}

    def count(self, organization_id: str, user_id: str | None = None) -> int:
        """Return how many sockets an organization, or one of its users, has here."""
        users = self._users.get(organization_id, Counter())
        return users.total() if user_id is None else users[user_id]

    def arrive(self, socket: Socket) -> None:
        """Count a socket that was let in. It is sent nothing before it joins its room."""
        users = self._users.setdefault(socket.organization_id, Counter())
        users[socket.claims.user_id] += 1
        self._metrics.sockets.labels(socket.organization_id).set(users.total())

    def join(self, socket: Socket, *, after: Offset = (0, 0)) -> None:
        """Let a socket that arrived receive what is delivered from now on, but nothing up to `after`."""
        self.room(socket.organization_id).join(socket, after=after)

    def replace(self, socket: Socket) -> None:
        """Let a socket be sent what it wants now."""
        self.room(socket.organization_id).replace(socket)

    def lost(self, socket: Socket) -> None:
        """Forget a socket that arrived; once is enough."""
        if socket.gone:
            return
        socket.gone = True
        self.room(socket.organization_id).leave(socket)
        users = self._users[socket.organization_id]
        users[socket.claims.user_id] -= 1
        if users[socket.claims.user_id] <= 0:
            del users[socket.claims.user_id]
        if not users:
            del self._users[socket.organization_id]
        self._metrics.left(socket.organization_id, users.total())
        log.info("Socket disconnected", socket=socket.sid, room=room_name(socket.organization_id))

    def congested(self, socket: Socket) -> None:
        if not socket.gone:
            self.room(socket.organization_id).shed(socket)

    def drained(self, socket: Socket) -> None:
        if not socket.gone:
            self.room(socket.organization_id).resume(socket)
