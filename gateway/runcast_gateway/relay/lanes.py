"""A room's sockets by the lane they are in, and how much of the journal passed each lane by."""

from runcast_gateway.relay.batch import Lane
from runcast_gateway.relay.socket import Socket


class Lanes:
    """Who is written the same. What a lane skipped is a share of the journal: 1 is all that it holds."""

    def __init__(self) -> None:
        self._sockets: dict[Lane, dict[Socket, None]] = {}
        self._skipped: dict[Lane, float] = {}

    def __len__(self) -> int:
        return sum(map(len, self._sockets.values()))

    def each(self) -> list[tuple[Lane, list[Socket]]]:
        """Return all as they are now: sockets change lanes while they are written to."""
        return [(lane, list(sockets)) for lane, sockets in self._sockets.items()]

    def place(self, socket: Socket) -> None:
        """Put a socket that is in none into the lane it wants."""
        socket.lane = socket.wanted_lane()
        self._sockets.setdefault(socket.lane, {})[socket] = None

    def leave(self, socket: Socket) -> None:
        if socket.lane is not None:
            sockets = self._sockets[socket.lane]
            del sockets[socket]
            if not sockets:
                del self._sockets[socket.lane]
                self._skipped.pop(socket.lane, None)
            socket.lane = None

    def move(self, socket: Socket) -> None:
        """Change to the lane it wants; of how much it was sent nothing counts on there."""
        if socket.lane is not None:
            skipped = self.skipped(socket.lane)
            self.leave(socket)
            self.place(socket)
            self._skipped[socket.lane] = max(skipped, self.skipped(socket.lane))

    def skipped(self, lane: Lane) -> float:
        return self._skipped.get(lane, 0.0)

    def note_skipped(self, lane: Lane, share: float) -> None:
        """Note how much the lane skipped since it was last told where it is; nothing, if everybody left it."""
        if lane in self._sockets:
            self._skipped[lane] = share
