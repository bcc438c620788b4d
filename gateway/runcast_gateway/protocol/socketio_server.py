"""The Socket.IO server: who may connect, which room they join, and in which order they are told.

Overrides `_handle_connect`, as stock python-socketio registers a socket, and sends CONNECT, before any handler looks at
its token: here a refused socket is never in any room, so nothing can reach it but its `auth-error`.
"""

from dataclasses import dataclass
from typing import Any, cast

import socketio
import structlog
from socketio import packet as packets
from starlette.types import ASGIApp

from runcast_core.access.tokens import Claims, TokenVerifier
from runcast_core.model.errors import InvalidInput, KeysUnavailable
from runcast_core.model.events import auth_error
from runcast_core.model.identifiers import room as room_name
from runcast_gateway.bounds import Bounds
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.protocol.admission import Admission
from runcast_gateway.protocol.commands import Commands
from runcast_gateway.protocol.handshake import Handshake, Refused, authenticate, read_handshake
from runcast_gateway.relay.frame import Frames, event_packet, packet
from runcast_gateway.relay.hub import Hub
from runcast_gateway.relay.socket import Socket
from runcast_gateway.transport import engine
from runcast_gateway.transport.close_codes import POLICY_VIOLATION
from runcast_gateway.transport.engineio_server import EngineServer
from runcast_gateway.transport.engineio_socket import EngineSocket

log = structlog.get_logger()

REFUSED_GRACE_S = 5.0


@dataclass(frozen=True, slots=True)
class Collaborators:
    """Whom the server asks and tells; python-socketio's own constructor takes options of its own only."""

    verifier: TokenVerifier
    admission: Admission
    commands: Commands
    hub: Hub
    metrics: GatewayMetrics
    bounds: Bounds


class GatewayServer(socketio.AsyncServer):  # type: ignore[misc]  # python-socketio has no types
    """A python-socketio server whose sockets are authenticated before they exist."""

    eio: EngineServer

    def __init__(self, collaborators: Collaborators, engine: engine.Collaborators, **options: Any) -> None:
        """Take python-socketio's and python-engineio's options, beside whom this server and its connections ask."""
        self._with = collaborators
        super().__init__(**options, collaborators=engine)
        self._sockets: dict[str, Socket] = {}
        self._greeted: set[str] = set()
        """Connections that sent their CONNECT; what was answered is final for as long as they live."""
        self.on("disconnect", self._disconnected)

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    def application(self) -> ASGIApp:
        """Return what serves its path."""
        return cast(ASGIApp, socketio.ASGIApp(self, socketio_path=None))

    def may_hear(self, sid: str) -> bool:
        """Tell whether what is for its organization may be sent to a socket: its room is open."""
        socket = self._sockets.get(sid)
        return socket is not None and self._with.hub.is_open(socket.organization_id)

    def expel(self, socket: Socket) -> None:
        """End a socket whose token is worth nothing any more: its client then stays away. Nothing more reaches it,
        nor what a stock emitter sends to its room."""
        if not socket.gone:
            log.info("Socket expelled", socket=socket.sid)
            connection = self._connection(socket)
            self._send_away(connection, "Invalid or expired token")
            connection.socket = None
            self._sockets.pop(socket.sid, None)
            self._with.hub.lost(socket)
            self.manager.basic_disconnect(socket.sid, "/")

    async def _handle_eio_connect(self, eio_sid: str, environ: Any) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        self.environ[eio_sid] = {}  # as of here only that it is there matters
        self.eio.sockets[eio_sid].expect_within(self._with.bounds.handshake_s)

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
        reply = await self._with.commands.run(socket, name, argument)
        if reply is not None and received.id is not None and not socket.gone:
            connection.write(Frames([packet(packets.ACK, [reply], acknowledges=received.id)]))

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        """Admit or refuse a client, or end its connection, whatever happens: nobody else would. Until then the deadline
        of the handshake counts."""
        connection = self.eio.sockets.get(eio_sid)
        if connection is None:
            return
        try:
            await self._greet(eio_sid, connection, namespace, data)
        except Exception as error:
            log.error("Socket connection failed", connection=eio_sid, kind=type(error).__name__)  # noqa: TRY400 - its text may tell a token
            self._with.metrics.refuse("failure")
            connection.end(POLICY_VIOLATION)

    async def _greet(self, eio_sid: str, connection: EngineSocket, namespace: str | None, data: Any) -> None:
        if (namespace or "/") != "/":
            error = packets.Packet(packets.CONNECT_ERROR, data={"message": "Invalid namespace"}, namespace=namespace)
            connection.write(Frames([error.encode().encode()]))
            return
        if eio_sid in self._greeted:
            return
        self._greeted.add(eio_sid)
        try:
            claims = await authenticate(data, self._with.verifier)
            handshake = read_handshake(data, max_watched=self._with.bounds.watched)
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
        self._with.metrics.authentication_errors.labels(refusal.reason).inc()
        connection.write(Frames([packet(packets.CONNECT, {"sid": sid})]))
        self._send_away(connection, refusal.error)

    def _send_away(self, connection: EngineSocket, error: str) -> None:
        """`auth-error`, DISCONNECT: the official clients then stay away instead of trying for ever."""
        connection.write(Frames([event_packet(auth_error(error)), packet(packets.DISCONNECT)]))
        connection.end_within(REFUSED_GRACE_S, POLICY_VIOLATION)

    def _postpone(self, connection: EngineSocket, error: KeysUnavailable) -> None:
        """Close the connection without a word of the protocol's: the official clients then try again by themselves."""
        log.warning("Socket connection postponed", connection=connection.sid, reason=error.message)
        self._with.metrics.authentication_errors.labels(error.code).inc()
        connection.end()

    def _reject(self, connection: EngineSocket, error: InvalidInput) -> None:
        """Refuse an authenticated client that wants what cannot be; it sees `connect_error` and stays away."""
        log.warning("Socket connection rejected", connection=connection.sid, reason=error.code)
        self._with.metrics.refuse(error.code)
        body = {"message": error.message, "data": {"code": error.code}}
        connection.write(Frames([packet(packets.CONNECT_ERROR, body)]))
        connection.end_within(REFUSED_GRACE_S, POLICY_VIOLATION)

    async def _admit(self, eio_sid: str, connection: EngineSocket, claims: Claims, handshake: Handshake) -> None:
        opened = await self._with.admission.open(claims, handshake)
        if connection.ended or eio_sid not in self.environ:
            return  # gone meanwhile
        self._with.admission.check(claims)
        connection.heard()
        sid = await self.manager.pre_connect(eio_sid, "/")
        await self.manager.connect(sid, "/")
        await self.manager.enter_room(sid, "/", room_name(claims.organization_id))
        socket = Socket(sid, claims, connection, handshake.recover, handshake.watching)
        self._sockets[sid] = socket
        await self._with.admission.enter(socket, connection, handshake, opened)

    def _connection(self, socket: Socket) -> EngineSocket:
        assert isinstance(socket.connection, EngineSocket)  # noqa: S101 - it was made here
        return socket.connection

    async def _disconnected(self, sid: str, _reason: str) -> None:
        socket = self._sockets.pop(sid, None)
        if socket is not None:
            self._with.hub.lost(socket)
            connection = self._connection(socket)
            if not connection.ended:  # it may connect again
                self._greeted.discard(connection.sid)
                connection.socket = None
                connection.expect_within(self._with.bounds.handshake_s)


def _parsed(data: Any) -> Any:
    """Return the packet, None if it is none that a dashboard may send."""
    try:
        received = packets.Packet(encoded_packet=data)
    except Exception as exc:  # whatever the parser meets in what a stranger sent
        log.debug("Packet not parsed", error=type(exc).__name__)
        return None
    known = {packets.CONNECT, packets.DISCONNECT, packets.EVENT, packets.ACK}
    return received if isinstance(data, str) and received.packet_type in known else None
