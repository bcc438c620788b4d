"""What clients may send at the level of Engine.IO, looked at before python-engineio meets the rest by a traceback.

https://socket.io/docs/v4/engine-io-protocol/#packet-encoding: a packet begins with its type; a poll's body is packets
separated by 0x1E. Nothing that a dashboard sends is binary.
"""

from collections.abc import Callable

import structlog
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from runcast_core.model.errors import InvalidInput
from runcast_core.serving.request_body import received
from runcast_gateway.transport.close_codes import PROTOCOL_ERROR
from runcast_gateway.transport.packets import SEPARATOR, is_packet

log = structlog.get_logger()

MAX_PACKETS = 16
BODY_TIMEOUT_S = 30.0
_STATUS = {"BODY_TOO_LARGE": 413, "BODY_TIMEOUT": 408}


class InputGuard:
    """ASGI middleware that refuses a malformed or oversized body and ends a WebSocket that sends a malformed packet."""

    def __init__(self, app: ASGIApp, *, max_bytes: int, refused: Callable[[str], None]) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._app(scope, _checked(receive, send), send)
        elif scope["type"] == "http" and scope["method"] == "POST":
            await self._post(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _post(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await received(Request(scope, receive), max_bytes=self._max_bytes, timeout_s=BODY_TIMEOUT_S)
        except InvalidInput as error:
            if error.code == "BODY_TOO_LARGE":
                self._refused("size")
            await PlainTextResponse(error.message, _STATUS.get(error.code, 400))(scope, receive, send)
            return
        if _well_formed_body(body):
            await self._app(scope, _replaying(body, receive), send)
        else:
            await PlainTextResponse("not Engine.IO packets", 400)(scope, receive, send)


def _checked(receive: Receive, send: Send) -> Receive:
    async def checked() -> Message:
        message = await receive()
        if message["type"] != "websocket.receive" or is_packet(message.get("text")):
            return message
        log.warning("Connection closed, it sent what is no Engine.IO packet")
        await send({"type": "websocket.close", "code": PROTOCOL_ERROR})
        return {"type": "websocket.disconnect", "code": PROTOCOL_ERROR}

    return checked


def _replaying(body: bytes, receive: Receive) -> Receive:
    """Return what gives the body once more, then what comes next."""
    read = False

    async def replaying() -> Message:
        nonlocal read
        if read:
            return await receive()
        read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replaying


def _well_formed_body(body: bytes) -> bool:
    try:
        packets = body.decode().split(SEPARATOR)
    except UnicodeDecodeError:
        return False
    return len(packets) <= MAX_PACKETS and all(map(is_packet, packets))
