"""What an authenticated dashboard may ask of its socket: `watch`, `unwatch`, `refresh-token`. Each is acknowledged."""

from typing import Any

from runcast_core.access.tokens import TokenVerifier
from runcast_core.model.errors import InvalidInput, InvalidToken, RuncastError
from runcast_core.model.identifiers import check_task_id
from runcast_core.model.wire.commands import Refreshed, Watching
from runcast_core.model.wire.shape import Problem, Shape
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.protocol.handshake import watched
from runcast_gateway.relay.hub import Hub
from runcast_gateway.relay.revocations import Revocations
from runcast_gateway.relay.socket import Socket
from runcast_gateway.sessions.expiry import Expiry, expires_at


class Commands:
    """Carries out commands. What a client may name is a task or its own next token, never a room."""

    def __init__(
        self,
        hub: Hub,
        verifier: TokenVerifier,
        expiry: Expiry,
        revocations: Revocations,
        metrics: GatewayMetrics,
        *,
        max_watched: int,
    ) -> None:
        self._hub = hub
        self._expiry = expiry
        self._revocations = revocations
        self._verifier = verifier
        self._metrics = metrics
        self._max_watched = max_watched
        self._commands = {"watch": self._watch, "unwatch": self._unwatch, "refresh-token": self._refresh}

    async def run(self, socket: Socket, name: object, argument: object) -> Shape | None:
        """Return what is acknowledged: what holds now, or a `Problem`. None for what is no command."""
        command = self._commands.get(name) if isinstance(name, str) else None
        if command is None:
            return None
        try:
            return await command(socket, argument if isinstance(argument, dict) else {})
        except RuncastError as error:
            self._metrics.refuse(error.code)
            return Problem(error=error.message, code=error.code)

    async def _watch(self, socket: Socket, argument: dict[str, Any]) -> Shape:
        """Add a task to those whose output the socket is sent. The first one narrows it to that task's."""
        task_id = check_task_id(argument.get("taskId"))
        return self._watching(socket, (socket.watching or frozenset()) | {task_id})

    async def _unwatch(self, socket: Socket, argument: dict[str, Any]) -> Shape:
        """Take a task from those the socket watches. One that watches nothing is sent no output, only states."""
        task_id = check_task_id(argument.get("taskId"))
        if socket.watching is None:
            raise InvalidInput("this socket is sent all output; watch a task first", code="NOT_WATCHING")
        return self._watching(socket, socket.watching - {task_id})

    def _watching(self, socket: Socket, tasks: frozenset[str]) -> Watching:
        socket.watching = watched(sorted(tasks), max_watched=self._max_watched)
        self._hub.replace(socket)
        return Watching(watching=tuple(sorted(tasks)))

    async def _refresh(self, socket: Socket, argument: dict[str, Any]) -> Shape:
        """Let the socket live as long as a newer token of the same user and organization says."""
        claims = await self._verifier.verify(argument.get("token"))
        if (claims.user_id, claims.organization_id) != (socket.claims.user_id, socket.claims.organization_id):
            raise InvalidToken("this token is another user's or organization's", code="OTHER_USER")
        if self._revocations.refuses(claims):
            raise InvalidToken("Invalid or expired token")
        socket.claims = claims
        self._expiry.note(socket)
        return Refreshed(expires_at=expires_at(claims))
