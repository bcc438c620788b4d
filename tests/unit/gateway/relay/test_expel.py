"""A socket that is sent away while it is replayed, in no room yet."""

import anyio
import pytest
from prometheus_client import CollectorRegistry

from runcast_core.bus.bus import JournalPage, JournalTail
from runcast_core.bus.memory_bus import MemoryBus
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.protocol.recovery import Recovery
from runcast_gateway.relay.ring import MAX_ENTRIES
from tests.parts.connection import hub_of, log_line, socket_of


class WaitingBus(MemoryBus):
    """Gives its pages when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.may_answer = anyio.Event(), anyio.Event()

    async def read_journal(self, organization_id: str, *, start: str, count: int) -> JournalPage:
        self.asked.set()
        await self.may_answer.wait()
        return JournalPage("e", [log_line(start), log_line("9000-0")])


@pytest.mark.parametrize("waits", ["for a page", "for a slow client"])
async def test_who_is_lost_during_its_replay_is_sent_nothing_more(waits: str):
    """Nor does it ever join its room, where nobody would look for it."""
    bus, hub = WaitingBus(), hub_of()
    room = hub.room("a")
    room.open(JournalTail("e", "1-0"))
    hub.deliver("a", [log_line(f"{number}-0") for number in range(2, MAX_ENTRIES + 10)])
    room.flush()
    socket = socket_of("a", recover=True)
    hub.arrive(socket)
    socket.connection.slow = waits == "for a slow client"
    async with anyio.create_task_group() as tasks:
        replay = Recovery(bus, GatewayMetrics(CollectorRegistry())).replay
        tasks.start_soon(replay, socket, room, [log_line("1-0"), log_line("2-0")])
        await anyio.wait_all_tasks_blocked()
        assert socket in hub.sockets("a", {"u"})
        hub.lost(socket)
        sent = len(socket.connection.sent)
        socket.connection.relief.set()
        bus.may_answer.set()
    assert len(socket.connection.sent) == sent
    assert room.sockets == []
    assert not hub.holds("a")
