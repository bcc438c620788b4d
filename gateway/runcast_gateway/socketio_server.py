"""The Socket.IO server: who may connect, which room they join, and in which order they are told.

Overrides `_handle_connect`, as stock python-socketio registers a socket, and sends CONNECT, before any handler looks at
its token: here a refused socket is never in any room, so nothing can reach it but its `auth-error`.
"""

from typing import Any

import anyio
import orjson
import socketio
import structlog
from socketio import packet

from runcast_core.errors import KeysUnavailable
from runcast_core.events import AUTH_ERROR, AUTH_SUCCESS, Event
from runcast_core.identifiers import room
from runcast_core.tokens import Claims, TokenVerifier
from runcast_gateway.broker import Broker
from runcast_gateway.connections import REFUSED_GRACE_S, Connections
from runcast_gateway.engineio_server import EngineServer
from runcast_gateway.frame import event_frame
from runcast_gateway.handshake import Refused, authenticate
from runcast_gateway.hub import Hub
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.socket import Socket

log = structlog.get_logger()

SUBSCRIBE_TIMEOUT_S = 0.5
"""The official Python client gives up on a connection after one second."""


class GatewayServer(socketio.AsyncServer):  # type: ignore[misc]  # python-socketio has no types
    """A python-socketio server whose sockets are authenticated before they exist."""

    connections: Connections
    verifier: TokenVerifier
    broker: Broker
    hub: Hub
    metrics: GatewayMetrics

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._sockets: dict[str, Socket] = {}
        self._greeted: set[str] = set()
        """Connections that sent their CONNECT; what was answered is final for as long as they live."""
        self.on("disconnect", self._disconnected)

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    async def _handle_eio_message(self, eio_sid: str, data: Any) -> None:
        """Take CONNECT and DISCONNECT. Dashboards have nothing else to say: events and acknowledgements are ignored,
        and whoever sends anything else, binary packets included, is closed."""
        received = _parsed(data)
        if received is None:
            log.warning("Socket closed, it sent what is no Socket.IO packet", connection=eio_sid)
            self.connections.close_within(eio_sid, 0)
        elif received.packet_type == packet.CONNECT:
            await self._handle_connect(eio_sid, received.namespace, received.data)
        elif received.packet_type == packet.DISCONNECT:
            await self._handle_disconnect(eio_sid, received.namespace, self.reason.CLIENT_DISCONNECT)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._greeted.discard(eio_sid)
        await super()._handle_eio_disconnect(eio_sid, reason)

    async def _handle_connect(self, eio_sid: str, namespace: str | None, data: Any) -> None:
        if (namespace or "/") != "/":
            await self._send_packet(eio_sid, _packet(packet.CONNECT_ERROR, {"message": "Invalid namespace"}, namespace))
            return
        if eio_sid in self._greeted:
            return
        self._greeted.add(eio_sid)
        try:
            claims = await authenticate(data, self.verifier)
        except Refused as refusal:
            await self._refuse(eio_sid, refusal)
        except KeysUnavailable as error:
            self._postpone(eio_sid, error)
        else:
            await self._admit(eio_sid, claims)

    async def _refuse(self, eio_sid: str, refusal: Refused) -> None:
        """CONNECT, `auth-error`, DISCONNECT: the official clients then stay away instead of trying for ever."""
        sid = self.eio.generate_id()
        log.warning("Socket connection rejected", socket=sid, reason=refusal.reason)
        self.metrics.authentication_errors.labels(refusal.reason).inc()
        await self._send_packet(eio_sid, _packet(packet.CONNECT, {"sid": sid}))
        await self._send_packet(eio_sid, _packet(packet.EVENT, [AUTH_ERROR, {"error": refusal.error}]))
        await self._send_packet(eio_sid, _packet(packet.DISCONNECT))
        self.connections.close_within(eio_sid, REFUSED_GRACE_S)

    def _postpone(self, eio_sid: str, error: KeysUnavailable) -> None:
        """Close the connection without a word of the protocol's: the official clients then try again by themselves."""
        log.warning("Socket connection postponed", connection=eio_sid, reason=error.message)
        self.metrics.authentication_errors.labels(error.code).inc()
        self.connections.close_within(eio_sid, 0)

    async def _admit(self, eio_sid: str, claims: Claims) -> None:
        with anyio.move_on_after(SUBSCRIBE_TIMEOUT_S) as waited:
            await self.broker.subscribed(claims.organization_id)
        if eio_sid not in self.environ:
            return  # gone meanwhile
        sid = await self.manager.pre_connect(eio_sid, "/")
        await self.manager.connect(sid, "/")
        await self.manager.enter_room(sid, "/", room(claims.organization_id))
        socket = Socket(sid, eio_sid, claims, self.connections)
        self._welcome(socket)
        if waited.cancelled_caught:
            self.broker.resync_once_subscribed(claims.organization_id)

    def _welcome(self, socket: Socket) -> None:
        """Queue CONNECT and `auth-success`, then join: in one step, so that no event overtakes them."""
        socket.send(f"0{orjson.dumps({'sid': socket.sid}).decode()}")
        socket.send(event_frame(Event(AUTH_SUCCESS, None, _welcome_payload(socket.claims))))
        self._sockets[socket.sid] = socket
        self.hub.join(socket)
        log.info(
            "Socket connected",
            socket=socket.sid,
            user=socket.claims.user_id,
            role=socket.claims.role.value,
            organization=socket.organization_id,
            room=room(socket.organization_id),
        )

    async def _disconnected(self, sid: str, _reason: str) -> None:
        socket = self._sockets.pop(sid, None)
        if socket is not None:
            self._greeted.discard(socket.eio_sid)
            self.hub.leave(socket)
            log.info("Socket disconnected", socket=sid, room=room(socket.organization_id))


def _parsed(data: Any) -> Any:
    """Return the packet, None if it is none that a dashboard may send."""
    try:
        received = packet.Packet(encoded_packet=data)
    except Exception as exc:  # whatever the parser meets in what a stranger sent
        log.debug("Packet not parsed", error=type(exc).__name__)
        return None
    known = {packet.CONNECT, packet.DISCONNECT, packet.EVENT, packet.ACK}
    return received if isinstance(data, str) and received.packet_type in known else None


def _packet(kind: int, data: Any = None, namespace: str | None = "/") -> packet.Packet:
    return packet.Packet(kind, data=data, namespace=namespace)


def _welcome_payload(claims: Claims) -> bytes:
    return orjson.dumps(
        {
            "message": "Connected to organization channel",
            "organizationId": claims.organization_id,
            "userId": claims.user_id,
            "role": claims.role.value,
        }
    )
