"""The local sockets of one organization, and how far they were relayed.

Every event is written once per socket, in lanes that share their frames. A socket changes from replay to live without
a gap: the room knows the offset relayed last, and the run of events before it.
"""

import asyncio
from collections.abc import Iterable, Sequence

import structlog

from runcast_core.bus.bus import Delivery, JournalTail
from runcast_core.model.events import mark, resync
from runcast_gateway.bounds import Bounds
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.relay.batch import NO_OUTPUT, Batch, Lane
from runcast_gateway.relay.frame import Frames, event_frames
from runcast_gateway.relay.lanes import Lanes
from runcast_gateway.relay.offset import Offset, parse_offset
from runcast_gateway.relay.ring import Ring
from runcast_gateway.relay.shedding import Shedding
from runcast_gateway.relay.socket import Socket

log = structlog.get_logger()

MAX_PENDING_BYTES = 256 * 1024
WAIT_PER_SOCKET_S = 25e-6
"""About what one write costs: a busy room waits no longer for more to join than its writes take."""
MARK_SHARE = 0.25
"""Of a journal, after which a socket that was sent nothing of it is told where it is."""


class Room:
    """One organization's sockets on this gateway. `epoch` is None until its journal's tail is known."""

    def __init__(self, organization_id: str, metrics: GatewayMetrics, bounds: Bounds) -> None:
        self.organization_id = organization_id
        self._metrics = metrics
        self._bounds = bounds
        self._ring = Ring()
        self.epoch: str | None = None
        self.last: Offset = (0, 0)
        self.last_text = "0-0"
        self._lanes = Lanes()
        self._joining: dict[Socket, Offset] = {}
        self._pending: list[Delivery] = []
        self._pending_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._quiet_at = 0.0

    @property
    def sockets(self) -> list[Socket]:
        return [*(socket for _, sockets in self._lanes.each() for socket in sockets), *self._joining]

    def __len__(self) -> int:
        return len(self._lanes) + len(self._joining)

    def open(self, tail: JournalTail) -> None:
        """Note where the journal ended after the subscription was acknowledged: all that follows arrives here."""
        self.epoch = tail.epoch
        offset = parse_offset(tail.offset)
        self._ring.begin_after(offset)
        self._advance(offset, tail.offset)

    def restart(self, tail: JournalTail | None, reason: str) -> None:
        """Go on from the tail, after a gap that cannot be repaired, or later where it is None; sockets have to read
        again."""
        self.flush()
        self.epoch = None if tail is None else tail.epoch
        self.last_text = "0-0" if tail is None else tail.offset
        self.last = parse_offset(self.last_text)
        self._ring.restart(self.last)
        for socket in self._joining:
            self._joining[socket] = (0, 0)
        self.resync(reason)

    # Sockets ----------------------------------------------------------------------------------------------------------

    def join(self, socket: Socket, *, after: Offset = (0, 0)) -> None:
        """Let a socket receive what is delivered from now on, but nothing up to `after`, which it has."""
        self.flush()
        if after > self.last:
            self._joining[socket] = after
        else:
            self._lanes.place(socket)

    def hand_over(self, socket: Socket, after: Offset) -> bool:
        """Let a socket that was replayed the journal up to `after` go on live, in one step. False if what followed is
        not all here any more: then its replay has to go on."""
        if after < self._ring.floor:
            return False
        self.write(socket, self._ring.after(after))
        self.join(socket, after=after)
        return True

    def leave(self, socket: Socket) -> None:
        self._joining.pop(socket, None)
        self._lanes.leave(socket)

    def replace(self, socket: Socket) -> None:
        """Let a socket that is here be in the lane it wants now."""
        if socket.lane is not None:
            self.flush()
            self._lanes.move(socket)

    def shed(self, socket: Socket) -> None:
        """Keep output from a socket that is too slow for it."""
        if socket.shedding is None:
            socket.shedding = Shedding()
            self._metrics.shed_sockets.inc()
            self._lanes.move(socket)

    def resume(self, socket: Socket) -> None:
        """Let a socket have output again, and read again what was kept from it."""
        if socket.shedding is None:
            return
        self.flush()
        told, socket.shedding = socket.shedding.end(), None
        self.replace(socket)
        if told is not None:
            socket.write(told)

    # Events -----------------------------------------------------------------------------------------------------------

    def deliver(self, deliveries: Iterable[Delivery]) -> None:
        """Relay what follows the last offset, in order: at once after silence, joined with what comes soon else."""
        for delivery in deliveries:
            offset = parse_offset(delivery.offset)
            if offset > self.last:
                self._advance(offset, delivery.offset)
                self._ring.append(offset, delivery)
                self._pending.append(delivery)
                self._pending_bytes += len(delivery.event.payload)
                if self._pending_bytes > MAX_PENDING_BYTES:
                    self.flush()
        if self._pending and self._timer is None:
            self._flush_soon()

    def resync(self, reason: str) -> None:
        """Tell every socket to read again over HTTP."""
        self.flush()
        self._send(self.sockets, event_frames(resync(reason)), 1)

    def flush(self) -> None:
        """Write what waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pending:
            return
        batch, pending = Batch(self._pending), self._pending
        self._pending, self._pending_bytes = [], 0
        lanes = self._lanes.each()
        self._flush_joining(pending)
        for lane, sockets in lanes:
            self._flush_lane(batch, lane, sockets)

    def _flush_soon(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        if now >= self._quiet_at:
            self._flush_now()
        else:
            self._timer = loop.call_at(self._quiet_at, self._flush_now)

    def _flush_now(self) -> None:
        self.flush()
        wait_s = min(self._bounds.window_s, len(self) * WAIT_PER_SOCKET_S)
        self._quiet_at = asyncio.get_running_loop().time() + wait_s

    def _flush_lane(self, batch: Batch, lane: Lane, sockets: list[Socket]) -> None:
        frames, count, skipped = batch.of(lane)
        skipped = skipped if count else self._lanes.skipped(lane) + skipped
        marked = lane.offsets and skipped >= MARK_SHARE
        if lane.output == NO_OUTPUT:
            self._keep_output(batch.output_tasks, sockets, offset_follows=lane.offsets and (count > 0 or marked))
        if count:
            self._send(sockets, frames, count)
        if marked:
            self._send(sockets, event_frames(mark(), self.last_text), 1)
        if lane.offsets:
            self._lanes.note_skipped(lane, 0.0 if marked else skipped)

    def _flush_joining(self, deliveries: Sequence[Delivery]) -> None:
        """Write, to each socket that joins now, what it does not have of this."""
        for socket in [socket for socket, after in self._joining.items() if after <= self.last]:
            after = self._joining.pop(socket)
            self._lanes.place(socket)
            self.write(socket, [delivery for delivery in deliveries if parse_offset(delivery.offset) > after])

    def _keep_output(self, tasks: frozenset[str], sockets: list[Socket], *, offset_follows: bool) -> None:
        """Tell sockets, before any later offset, of which tasks output is kept from them; and cut off who does not read
        even that."""
        for socket in sockets:
            if socket.shedding is None:
                continue
            wanted = tasks if socket.watching is None else tasks & socket.watching
            told = socket.shedding.keep(wanted, offset_follows=offset_follows)
            if told is not None:
                socket.write(told)
            if socket.connection.buffered() > self._bounds.hard_bytes:
                self._metrics.slow_sockets.inc()
                log.warning("Socket too slow, closing it", socket=socket.sid, buffered=socket.connection.buffered())
                socket.connection.abort()

    def write(self, socket: Socket, deliveries: Sequence[Delivery]) -> None:
        """Write entries of the journal to a socket that has not joined yet, output included however slow it is."""
        frames, count, skipped = Batch(deliveries).of(Lane(socket.recover, socket.watching))
        if count:
            self._send([socket], frames, count)
        if skipped and socket.recover:
            self._send([socket], event_frames(mark(), deliveries[-1].offset), 1)

    def _send(self, sockets: list[Socket], frames: Frames, events: int) -> None:
        """Write the same to each. The loop that all deliveries go through: nothing in it but the system call."""
        self._metrics.deliveries.inc(events * len(sockets))
        organization_id, size, remaining = self.organization_id, len(frames), iter(sockets)
        while True:
            try:
                for socket in remaining:
                    if socket.organization_id != organization_id:
                        self._keep_back(socket, events)
                        continue
                    send = socket.writer.send  # called as a method, it costs twice as much
                    if (sent := send(frames)) != size:
                        socket.writer.rest(frames[sent:])
            except OSError:
                if socket.organization_id == organization_id:
                    socket.writer.rest(frames)
            else:
                return

    def _keep_back(self, socket: Socket, events: int) -> None:
        self._metrics.misrouted.inc(events)
        log.error("Events kept from another organization's socket", socket=socket.sid)

    def _advance(self, offset: Offset, text: str) -> None:
        if offset > self.last:
            self.last, self.last_text = offset, text
