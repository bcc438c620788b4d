"""What is relayed to an organization at one time, in the few forms that its sockets need."""

from collections.abc import Sequence
from typing import NamedTuple

from runcast_core.bus.bus import JOURNAL_BYTES, JOURNAL_ENTRIES, Delivery
from runcast_core.model.events import EXECUTION_LOG, MARK
from runcast_gateway.relay.frame import Frames, event_packet


class Lane(NamedTuple):
    """What a socket is sent: sockets of one lane share every frame."""

    offsets: bool
    """Whether events carry their offset, as for clients that asked to `recover`."""
    output: frozenset[str] | None
    """The tasks whose output is sent. None: that of all."""


NO_OUTPUT: frozenset[str] = frozenset()


class LaneFrames(NamedTuple):
    """A lane's part of a batch."""

    frames: Frames
    events: int
    skipped: float
    """The share of a journal that follows the last of the frames and was not sent: who is sent too little falls out."""


class Batch:
    """Deliveries of one organization, in their order."""

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        self._deliveries = deliveries
        self.output_tasks = frozenset([d.event.task_id or "" for d in deliveries if d.event.name == EXECUTION_LOG])
        self._lanes: dict[Lane, LaneFrames] = {}

    def of(self, lane: Lane) -> LaneFrames:
        """Return what the lane is sent, built once for all lanes that differ in nothing which is in this batch."""
        tasks = self.output_tasks if lane.output is None else lane.output & self.output_tasks
        key = Lane(lane.offsets, tasks)
        found = self._lanes.get(key)
        if found is None:
            found = self._lanes[key] = self._build(key.offsets, tasks)
        return found

    def _build(self, offsets: bool, tasks: frozenset[str]) -> LaneFrames:
        packets: list[bytes] = []
        skipped = 0.0
        for delivery in self._deliveries:
            event = delivery.event
            if (event.name == EXECUTION_LOG and (event.task_id or "") not in tasks) or (
                event.name == MARK and not offsets
            ):
                skipped += max(1 / JOURNAL_ENTRIES, len(event.payload) / JOURNAL_BYTES)
            else:
                skipped = 0.0
                packets.append(event_packet(event, delivery.offset if offsets else None))
        return LaneFrames(Frames(packets), len(packets), skipped)
