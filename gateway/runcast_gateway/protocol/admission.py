"""Lets an authenticated socket in: its room opened, what it missed read, CONNECT and `auth-success`, then live."""

from collections.abc import Sequence
from typing import NamedTuple

import anyio
import structlog
from socketio import packet as packets

from runcast_core.access.tokens import Claims
from runcast_core.bus.bus import Delivery
from runcast_core.model.errors import InvalidInput
from runcast_core.model.events import auth_success
from runcast_core.model.identifiers import room as room_name
from runcast_gateway.bounds import Bounds
from runcast_gateway.protocol.handshake import Handshake, refused_token
from runcast_gateway.protocol.pid import new_pid
from runcast_gateway.protocol.recovery import Recovery
from runcast_gateway.relay.broker import Broker
from runcast_gateway.relay.frame import Frames, event_packet, packet
from runcast_gateway.relay.hub import Hub
from runcast_gateway.relay.revocations import Revocations
from runcast_gateway.relay.room import Room
from runcast_gateway.relay.socket import Socket
from runcast_gateway.sessions.expiry import Expiry
from runcast_gateway.transport.engineio_socket import EngineSocket

log = structlog.get_logger()

SUBSCRIBE_TIMEOUT_S = 0.5
"""The official Python client gives up on a connection after one second."""
RECOVER_TIMEOUT_S = 5.0
"""The official JavaScript client, which alone can recover, waits for twenty: many come back at once, and what is given
up here is lost to them."""


class Opened(NamedTuple):
    """The room that a socket is let into, and what it missed of it: None if it is not recovered."""

    room: Room
    missed: Sequence[Delivery] | None


class Admission:
    """The way of a socket into its organization's room, step by step."""

    def __init__(
        self,
        hub: Hub,
        broker: Broker,
        recovery: Recovery,
        revocations: Revocations,
        expiry: Expiry,
        bounds: Bounds,
    ) -> None:
        self._hub = hub
        self._broker = broker
        self._recovery = recovery
        self._revocations = revocations
        self._expiry = expiry
        self._bounds = bounds

    async def open(self, claims: Claims, handshake: Handshake) -> Opened:
        """Wait, not for long, until the room is subscribed and what a client that comes back missed was read."""
        room = self._hub.room(claims.organization_id)
        missed: Sequence[Delivery] | None = None
        if room.epoch is None or handshake.pid is not None:
            within_s = SUBSCRIBE_TIMEOUT_S if handshake.pid is None else RECOVER_TIMEOUT_S
            with anyio.move_on_after(within_s):
                room = await self._broker.opened(claims.organization_id)
                missed = await self._recovery.missed(room, claims, handshake)
            room = self._hub.room(claims.organization_id)  # which may be another one by now
        return Opened(room, missed)

    def check(self, claims: Claims) -> None:
        """Raise `Refused` for a token that was revoked, and `InvalidInput` if the organization or the user has all the
        sockets that this gateway grants."""
        if self._revocations.refuses(claims):
            raise refused_token()
        if self._hub.count(claims.organization_id) >= self._bounds.sockets_per_organization:
            raise InvalidInput("too many sockets of this organization", code="TOO_MANY_SOCKETS_OF_ORGANIZATION")
        if self._hub.count(claims.organization_id, claims.user_id) >= self._bounds.sockets_per_user:
            raise InvalidInput("too many sockets of this user", code="TOO_MANY_SOCKETS_OF_USER")

    async def enter(self, socket: Socket, connection: EngineSocket, handshake: Handshake, opened: Opened) -> None:
        """Welcome the socket and let it join its room where its replay ends."""
        self._hub.arrive(socket)
        connection.carry(socket)
        self._expiry.note(socket)
        _welcome(socket, handshake, opened)
        room, missed = opened
        if missed is None:
            room.join(socket)
        else:
            await self._recovery.replay(socket, room, missed)
        if room.epoch is None:
            self._broker.resync_once_open(socket.organization_id)


def _welcome(socket: Socket, handshake: Handshake, opened: Opened) -> None:
    """Write CONNECT and `auth-success`; nothing else is written until the socket joins, so nothing overtakes."""
    claims = socket.claims
    hello = {"sid": socket.sid}
    offset = None
    if socket.recover:
        hello["pid"], offset = _place(claims, handshake, opened)
    success = event_packet(auth_success(claims.organization_id, claims.user_id, claims.role), offset)
    socket.write(Frames([packet(packets.CONNECT, hello), success]))
    log.info(
        "Socket connected",
        socket=socket.sid,
        user=claims.user_id,
        role=claims.role.value,
        organization=socket.organization_id,
        room=room_name(socket.organization_id),
        recovered=opened.missed is not None,
    )


def _place(claims: Claims, handshake: Handshake, opened: Opened) -> tuple[str, str | None]:
    """Return the pid and the offset that the client is to come back with: its own ones, if it is recovered."""
    room, missed = opened
    if missed is not None:
        return str(handshake.pid), handshake.offset
    return str(new_pid(room.epoch, claims)), room.last_text if room.epoch else None
