"""The Socket.IO server: who may connect, which room they join, and in which order they are told.

Overrides `_handle_connect`, as stock python-socketio registers a socket, and sends CONNECT, before any handler looks at
its token: here a refused socket is never in any room, so nothing can reach it but its `auth-error`.
"""

from collections.abc import Sequence
from typing import Any

import anyio
import socketio
import structlog
from socketio import packet as packets

from runcast_core.access.tokens import Claims, TokenVerifier
from runcast_core.bus.bus import Delivery
from runcast_core.model.errors import InvalidInput, KeysUnavailable
from runcast_core.model.events import auth_error, auth_success
from runcast_core.model.identifiers import room as room_name
from runcast_gateway.bounds import Bounds
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.protocol.commands import Commands
from runcast_gateway.protocol.handshake import Handshake, Refused, authenticate, read_handshake, refused_token
from runcast_gateway.protocol.pid import new_pid
from runcast_gateway.protocol.recovery import Recovery
from runcast_gateway.relay.broker import Broker
from runcast_gateway.relay.frame import Frames, event_packet, packet
from runcast_gateway.relay.hub import Hub
from runcast_gateway.relay.revocations import Revocations
from runcast_gateway.relay.room import Room
from runcast_gateway.relay.socket import Socket
from runcast_gateway.sessions.expiry import Expiry
from runcast_gateway.transport.close_codes import POLICY_VIOLATION
from runcast_gateway.transport.engineio_server import EngineServer
from runcast_gateway.transport.engineio_socket import EngineSocket

log = structlog.get_logger()

SUBSCRIBE_TIMEOUT_S = 0.5
"""The official Python client gives up on a connection after one second."""
RECOVER_TIMEOUT_S = 5.0
"""The official JavaScript client, which alone can recover, waits for twenty: many come back at once, and what is given
up here is lost to them."""
REFUSED_GRACE_S = 5.0


class GatewayServer(socketio.AsyncServer):  # type: ignore[misc]  # python-socketio has no types
    """A python-socketio server whose sockets are authenticated before they exist."""

    eio: EngineServer
    verifier: TokenVerifier
    broker: Broker
    hub: Hub
    revocations: Revocations
    recovery: Recovery
    commands: Commands
    expiry: Expiry
    metrics: GatewayMetrics
    bounds: Bounds

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._sockets: dict[str, Socket] = {}
        self._greeted: set[str] = set()
        """Connections that sent their CONNECT; what was answered is final for as long as they live."""
        self.on("disconnect", self._disconnected)

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    def expel(self, socket: Socket) -> None:
        """End a socket whose token is worth nothing any more: its client then stays away. Nothing more reaches it,
        nor what a stock emitter sends to its room."""
        if not socket.gone:
            log.info("Socket expelled", socket=socket.sid)
            connection = self._connection(socket)
            self._send_away(connection, "Invalid or expired token")
            connection.socket = None
            self._sockets.pop(socket.sid, None)
            self.hub.lost(socket)
            self.manager.basic_disconnect(socket.sid, "/")

    async def _handle_eio_connect(self, eio_sid: str, environ: Any) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        self.environ[eio_sid] = {}  # as of here only that it is there matters
        self.eio.sockets[eio_sid].expect_within(self.bounds.handshake_s)

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        """Take CONNECT, DISCONNECT and EVENT. Acknowledgements are ignored, as nothing asks for them, and whoever sends
        anything else, binary packets included, is closed."""
        connection, received = self.eio.sockets.get(eio_sid), _parsed(data)
        if connection is None:
            return  # gone meanwhile
        if received is None:
            log.warning("Socket closed, it sent what is no Socket.IO packet", connection=eio_sid)
            connection.end(POLICY_VIOLATION)
        elif received.packet_type == packets.CONNECT:
            await self._handle_connect(eio_sid, received.namespace, received.data)
        elif received.packet_type == packets.DISCONNECT:
            await self._handle_disconnect(eio_sid, received.namespace, self.reason.CLIENT_DISCONNECT)
        elif received.packet_type == packets.EVENT:
            await self._command(connection, received)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._greeted.discard(eio_sid)
        await super()._handle_eio_disconnect(eio_sid, reason)

    async def _command(self, connection: EngineSocket, received: Any) -> None:
        socket = connection.socket
        if socket is None or socket.gone or (received.namespace or "/") != "/" or not isinstance(received.data, list):
            return
        name, argument = (*received.data, None, None)[:2]
        reply = await self.commands.run(socket, name, argument)
        if reply is not None and received.id is not None and not socket.gone:
            connection.write(Frames([packet(packets.ACK, [reply], acknowledges=received.id)]))

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        connection = self.eio.sockets.get(eio_sid)
        if connection is None:
            return
        if (namespace or "/") != "/":
            error = packets.Packet(packets.CONNECT_ERROR, data={"message": "Invalid namespace"}, namespace=namespace)
            connection.write(Frames([error.encode().encode()]))
            return
        if eio_sid in self._greeted:
            return
        self._greeted.add(eio_sid)
        connection.heard()
        try:
            claims = await authenticate(data, self.verifier)
            handshake = read_handshake(data, max_watched=self.bounds.watched)
            await self._admit(eio_sid, connection, claims, handshake)
        except Refused as refusal:
            self._refuse(connection, refusal)
        except KeysUnavailable as error:
            self._postpone(connection, error)
        except InvalidInput as error:
            self._reject(connection, error)

    def _refuse(self, connection: EngineSocket, refusal: Refused) -> None:
        sid = self.eio.generate_id()
        log.warning("Socket connection rejected", socket=sid, reason=refusal.reason)
        self.metrics.authentication_errors.labels(refusal.reason).inc()
        connection.write(Frames([packet(packets.CONNECT, {"sid": sid})]))
        self._send_away(connection, refusal.error)

    def _send_away(self, connection: EngineSocket, error: str) -> None:
        """`auth-error`, DISCONNECT: the official clients then stay away instead of trying for ever."""
        connection.write(Frames([event_packet(auth_error(error)), packet(packets.DISCONNECT)]))
        connection.end_within(REFUSED_GRACE_S, POLICY_VIOLATION)

    def _postpone(self, connection: EngineSocket, error: KeysUnavailable) -> None:
        """Close the connection without a word of the protocol's: the official clients then try again by themselves."""
        log.warning("Socket connection postponed", connection=connection.sid, reason=error.message)
        self.metrics.authentication_errors.labels(error.code).inc()
        connection.end()

    def _reject(self, connection: EngineSocket, error: InvalidInput) -> None:
        """Refuse an authenticated client that wants what cannot be; it sees `connect_error` and stays away."""
        log.warning("Socket connection rejected", connection=connection.sid, reason=error.code)
        self.metrics.refuse(error.code)
        body = {"message": error.message, "data": {"code": error.code}}
        connection.write(Frames([packet(packets.CONNECT_ERROR, body)]))
        connection.end_within(REFUSED_GRACE_S, POLICY_VIOLATION)

    async def _admit(self, eio_sid: str, connection: EngineSocket, claims: Claims, handshake: Handshake) -> None:
        missed: Sequence[Delivery] | None = None
        room = self.hub.room(claims.organization_id)
        if room.epoch is None or handshake.pid is not None:
            within_s = SUBSCRIBE_TIMEOUT_S if handshake.pid is None else RECOVER_TIMEOUT_S
            with anyio.move_on_after(within_s):
                room = await self.broker.opened(claims.organization_id)
                missed = await self.recovery.missed(room, claims, handshake)
            room = self.hub.room(claims.organization_id)  # which may be another one by now
        if eio_sid not in self.environ:
            return  # gone meanwhile
        if self.revocations.refuses(claims):
            raise refused_token()
        self._check_room_left(claims)
        sid = await self.manager.pre_connect(eio_sid, "/")
        await self.manager.connect(sid, "/")
        await self.manager.enter_room(sid, "/", room_name(claims.organization_id))
        socket = Socket(sid, claims, connection, handshake.recover, handshake.watching)
        self._welcome(socket, connection, room, handshake, missed)
        if missed is None:
            room.join(socket)
        else:
            await self.recovery.replay(socket, room, missed)
        if room.epoch is None:
            self.broker.resync_once_open(claims.organization_id)

    def _check_room_left(self, claims: Claims) -> None:
        """Raise `InvalidInput` if the organization or the user has all the sockets that this gateway grants."""
        if self.hub.count(claims.organization_id) >= self.bounds.sockets_per_organization:
            raise InvalidInput("too many sockets of this organization", code="TOO_MANY_SOCKETS_OF_ORGANIZATION")
        if self.hub.count(claims.organization_id, claims.user_id) >= self.bounds.sockets_per_user:
            raise InvalidInput("too many sockets of this user", code="TOO_MANY_SOCKETS_OF_USER")

    def _welcome(
        self,
        socket: Socket,
        connection: EngineSocket,
        room: Room,
        handshake: Handshake,
        missed: Sequence[Delivery] | None,
    ) -> None:
        """Write CONNECT and `auth-success`; nothing else is written until the socket joins, so nothing overtakes."""
        self._sockets[socket.sid] = socket
        self.hub.arrive(socket)
        connection.carry(socket)
        self.expiry.note(socket)
        hello = {"sid": socket.sid}
        offset = None
        if socket.recover:
            hello["pid"] = str(new_pid(room.epoch, socket.claims)) if missed is None else str(handshake.pid)
            offset = handshake.offset if missed is not None else room.last_text if room.epoch else None
        claims = socket.claims
        success = event_packet(auth_success(claims.organization_id, claims.user_id, claims.role), offset)
        connection.write(Frames([packet(packets.CONNECT, hello), success]))
        log.info(
            "Socket connected",
            socket=socket.sid,
            user=socket.claims.user_id,
            role=socket.claims.role.value,
            organization=socket.organization_id,
            room=room_name(socket.organization_id),
            recovered=missed is not None,
        )

    def _connection(self, socket: Socket) -> EngineSocket:
        assert isinstance(socket.connection, EngineSocket)  # noqa: S101 - it was made here
        return socket.connection

    async def _disconnected(self, sid: str, _reason: str) -> None:
        socket = self._sockets.pop(sid, None)
        if socket is not None:
            self.hub.lost(socket)
            connection = self._connection(socket)
            if not connection.ended:  # it may connect again
                self._greeted.discard(connection.sid)
                connection.socket = None
                connection.expect_within(self.bounds.handshake_s)


def _parsed(data: Any) -> Any:
    """Return the packet, None if it is none that a dashboard may send."""
    try:
        received = packets.Packet(encoded_packet=data)
    except Exception as exc:  # whatever the parser meets in what a stranger sent
        log.debug("Packet not parsed", error=type(exc).__name__)
        return None
    known = {packets.CONNECT, packets.DISCONNECT, packets.EVENT, packets.ACK}
    return received if isinstance(data, str) and received.packet_type in known else None
