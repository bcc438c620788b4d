"""How a connection comes by its WebSocket: from its beginning, or from polling, in order and without a loss.

Uses private names of python-engineio; see `engineio_server`.
"""

import asyncio
from typing import Any

from engineio import packet

from runcast_gateway.transport.close_codes import GOING_AWAY
from runcast_gateway.transport.direct_websocket import EXTENSION, DirectWebSocket
from runcast_gateway.transport.engineio_socket import EngineSocket


class UpgradingSocket(EngineSocket):
    """A connection that takes over WebSockets of this server's own, and leaves those of others to python-engineio."""

    async def _upgrade_websocket(self, environ: Any) -> Any:
        direct = environ["asgi.scope"].get("extensions", {}).get(EXTENSION)
        self.asgi_send = environ["asgi.send"]
        try:
            if direct is None:
                ordinary = {
                    "asgi.send": _going_away(self.asgi_send),
                    "asgi.receive": self._soon(environ["asgi.receive"]),
                }
                return await super()._upgrade_websocket(environ | ordinary)
            return await self._upgrade_direct(direct, environ)
        finally:
            if not self.upgraded:  # the WebSocket ended first: go on polling, if that was there before it
                self.upgrading, self.asgi_send = False, None
                if not self.connected:
                    await self.close(abort=True, reason=self.server.reason.TRANSPORT_ERROR)

    @property
    def _probe_s(self) -> float:
        """How long a client may take to change: longer than to say who it is, as it may be sent away for that first."""
        return 2 * self.server.collaborators.bounds.handshake_s

    async def _upgrade_direct(self, direct: DirectWebSocket, environ: Any) -> Any:
        if self.upgraded:
            raise OSError("Socket has been upgraded already")
        websocket = self.server._async["websocket"](None, self.server)
        websocket.asgi_receive, websocket.asgi_send = environ["asgi.receive"], environ["asgi.send"]
        await websocket.asgi_send({"type": "websocket.accept"})
        if not self.connected:
            await self.begin_direct(direct)
        elif await self._probed(websocket):
            self.go_direct(direct)
        else:
            await websocket.close()
        return ""

    async def _probed(self, websocket: Any) -> bool:
        """Change from polling: https://socket.io/docs/v4/engine-io-protocol/#upgrade. Once the probe was answered the
        WebSocket is not closed before `5`, not even where the connection ended: an official client that is to come back
        has either something to wait for here, or a poll that is answered."""
        self.upgrading = True
        try:
            async with asyncio.timeout(self._probe_s):
                if await websocket.wait() != "2probe" or self.ended:
                    return False
                await websocket.send("3probe")
                self.queue.put_nowait(packet.Packet(packet.NOOP))  # ends a poll that waits
                return await websocket.wait() == "5" and not (self.upgraded or self.ended)
        except OSError:  # a `TimeoutError` is one, too
            return False

    def _soon(self, asgi_receive: Any) -> Any:
        """Return an ASGI `receive` that does not wait for ever as long as the WebSocket is to take over."""

        async def receive() -> Any:
            async with asyncio.timeout(None if self.upgraded else self._probe_s):
                return await asgi_receive()

        return receive


def _going_away(asgi_send: Any) -> Any:
    """Return an ASGI `send` that closes with `GOING_AWAY` where python-engineio closes with no code, which is a normal
    end (1000): when a client is silent, its own wait for a packet and the heartbeat end together, either one first."""

    async def send(message: dict[str, Any]) -> None:
        await asgi_send({"code": GOING_AWAY, **message} if message["type"] == "websocket.close" else message)

    return send
