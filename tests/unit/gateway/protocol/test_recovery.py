"""Which clients may go on where they were, and what becomes of one that leaves, or whose journal does, meanwhile."""

from collections.abc import Callable

import anyio
import pytest
from prometheus_client import CollectorRegistry

from runcast_core.access.tokens import Claims
from runcast_core.bus.bus import JournalPage
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.accounts import Role
from runcast_core.model.events import EXECUTION_LOG, Event
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.protocol import recovery as recovery_module
from runcast_gateway.protocol.handshake import Handshake
from runcast_gateway.protocol.pid import new_pid, parse_pid
from runcast_gateway.protocol.recovery import Recovery
from tests.parts.connection import hub_of, socket_of

CLAIMS = Claims("u", "a", Role.VIEWER, 0)
EVENT = Event(EXECUTION_LOG, "t", b"{}")


class TurningBus(MemoryBus):
    """Something happens while a page of its journal is read."""

    def __init__(self, page: int, happens: Callable[[], None]) -> None:
        super().__init__()
        self._page = page
        self._happens = happens
        self.read = 0

    async def read_journal(self, organization_id: str, **options) -> JournalPage:
        self.read += 1
        if self.read == self._page:
            self._happens()
        return await super().read_journal(organization_id, **options)


class Rig:
    """A client that missed 25 events, in three pages."""

    def __init__(self, page: int, happens: Callable[["Rig"], None]) -> None:
        self.bus = TurningBus(page, lambda: happens(self))
        self.hub = hub_of()
        self.registry = CollectorRegistry()
        self.recovery = Recovery(self.bus, GatewayMetrics(self.registry))
        self.socket = socket_of("a", recover=True)
        self.hub.arrive(self.socket)
        self.room = self.hub.room("a")

    def counted(self, name: str) -> float:
        return self.registry.get_sample_value(f"runcast_gateway_{name}_total") or 0

    async def come_back(self) -> None:
        offsets = [await self.bus.publish("a", EVENT) for _ in range(26)]
        self.room.open(await self.bus.journal_tail("a"))
        missed = await self.recovery.missed(self.room, CLAIMS, _handshake(self.bus.epoch, offsets[0]))
        assert missed is not None
        await self.recovery.replay(self.socket, self.room, missed)


@pytest.fixture(autouse=True)
def paged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery_module, "PAGE", 10)


def _handshake(epoch: str, offset: str | None) -> Handshake:
    return Handshake(recover=True, pid=str(new_pid(epoch, CLAIMS)), offset=offset)


@pytest.mark.parametrize(
    ("handshake", "good"),
    [
        (Handshake(True, pid=str(new_pid("memory", CLAIMS)), offset="1-0"), True),
        (Handshake(True, pid=str(new_pid("another", CLAIMS)), offset="1-0"), False),
        (Handshake(True, pid=str(new_pid(None, CLAIMS)), offset="1-0"), False),
        (Handshake(True, pid=str(new_pid("memory", Claims("v", "a", Role.VIEWER, 0))), offset="1-0"), False),
        (Handshake(True, pid=str(new_pid("memory", Claims("u", "b", Role.VIEWER, 0))), offset="1-0"), False),
        (Handshake(True, pid="memory.a.u", offset="1-0"), False),
        (Handshake(True, pid=None, offset="1-0"), False),
        (Handshake(True, pid=str(new_pid("memory", CLAIMS)), offset=None), False),
        (Handshake(True, pid=str(new_pid("memory", CLAIMS)), offset="-"), False),
        (Handshake(True, pid=str(new_pid("memory", CLAIMS)), offset="1"), False),
        (Handshake(True, pid=str(new_pid("memory", CLAIMS)), offset="99-0"), False),
    ],
)
async def test_only_its_own_offset_of_the_same_history_is_good(handshake: Handshake, good: bool):
    """Neither another user's pid nor another organization's; what is no offset is not asked for."""
    rig = Rig(99, lambda _: None)
    await rig.bus.publish("a", EVENT)
    rig.room.open(await rig.bus.journal_tail("a"))
    missed = await rig.recovery.missed(rig.room, CLAIMS, handshake)
    assert (missed is not None) is good
    assert rig.bus.read == (1 if good or handshake.offset == "99-0" else 0)


async def test_a_slow_client_is_not_read_for_until_it_has_read():
    """However much it missed, so much of it is here at one time."""
    rig = Rig(99, lambda _: None)
    rig.socket.connection.slow = True
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rig.come_back)
        await anyio.wait_all_tasks_blocked()
        assert (rig.bus.read, len(rig.socket.connection.sent)) == (1, 9)
        rig.socket.connection.slow = False
        rig.socket.connection.relief.set()
    assert len(rig.socket.connection.sent) == 25
    assert rig.counted("recovered") == 1


async def test_a_room_that_began_again_meanwhile_is_another_history():
    """Though the journal has an entry of the very offset."""
    rig = Rig(99, lambda _: None)
    rig.socket.connection.slow = True
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rig.come_back)
        await anyio.wait_all_tasks_blocked()
        rig.bus.epoch = "another"
        rig.room.restart(await rig.bus.journal_tail("a"), "because")
        rig.socket.connection.slow = False
        rig.socket.connection.relief.set()
    assert rig.socket.connection.names == [EXECUTION_LOG] * 9 + ["resync"]
    assert rig.counted("broken_recoveries") == 1


async def test_a_client_that_leaves_during_its_replay_is_forgotten():
    """It does not come into the room after it was taken out."""
    rig = Rig(3, lambda rig: rig.hub.lost(rig.socket))
    await rig.come_back()
    assert len(rig.room) == 0


async def test_a_client_that_leaves_a_replay_which_breaks_off_is_forgotten():
    """As before, where the journal goes at the same time."""

    def lose_both(rig: Rig) -> None:
        rig.hub.lost(rig.socket)
        rig.bus.forget("a", 20)

    rig = Rig(2, lose_both)
    await rig.come_back()
    assert len(rig.room) == 0


async def test_a_journal_that_is_trimmed_during_a_replay_is_a_resync():
    """The client was told that it is recovered. What is live reaches it all the same."""
    rig = Rig(2, lambda rig: rig.bus.forget("a", 20))
    await rig.come_back()
    assert rig.socket.connection.names == [EXECUTION_LOG] * 9 + ["resync"]
    offset = await rig.bus.publish("a", EVENT)
    rig.hub.deliver("a", (await rig.bus.read_journal("a", start=offset)).entries)
    assert rig.socket.connection.offsets[-1] == offset
    assert len(rig.socket.connection.events) == 11


async def test_another_history_during_a_replay_is_a_resync():
    """Redis failed over: its offsets may look the same."""

    def fail_over(rig: Rig) -> None:
        rig.bus.epoch = "another"

    rig = Rig(2, fail_over)
    await rig.come_back()
    assert rig.socket.connection.names == [EXECUTION_LOG] * 9 + ["resync"]


async def test_a_redis_that_goes_during_a_replay_is_a_resync():
    """A client does not wait for it in the middle of its past."""

    def go(rig: Rig) -> None:
        rig.bus.down = True

    rig = Rig(2, go)
    await rig.come_back()
    assert rig.socket.connection.names == [EXECUTION_LOG] * 9 + ["resync"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "...",
        "memory",
        "memory.a",
        "memory.a.u",
        "memory.a.u.",
        "memory.a..n",
        "memory.a.u.\ud800",
        "memory.a.u.\n",
        'memory.a.u."',
        "memory.a.u.\x00",
        "memory.a.u.n ",
    ],
)
def test_what_is_no_pid_is_none(text: str):
    """Also what could not be told to the client again."""
    assert parse_pid(text) is None


def test_a_user_may_have_dots():
    """Identity providers name users as they like."""
    claims = Claims("auth0|a.b@c.d.e", "a", Role.VIEWER, 0)
    pid = parse_pid(str(new_pid("e", claims)))
    assert pid is not None
    assert pid.belongs_to(claims)
    assert not pid.belongs_to(CLAIMS)
