"""Which organizations a gateway is subscribed to, for how long, and when their rooms are open. Gaps: test_gaps.py."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import anyio
import pytest
from prometheus_client import CollectorRegistry

from runcast_core.bus.bus import Gap, JournalTail
from runcast_core.bus.memory_bus import MemoryBus, MemorySubscription
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.events import RESYNC, Event
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.relay import broker as broker_module
from runcast_gateway.relay import early
from runcast_gateway.relay.broker import Broker
from runcast_gateway.relay.offset import parse_offset
from runcast_gateway.relay.revocations import Revocations
from runcast_gateway.relay.room import Room
from tests.parts.clock import leaping_clock
from tests.parts.conditions import until
from tests.parts.connection import hub_of, joined, log_line

pytestmark = leaping_clock
EVENT = Event("execution-log", "t", b"{}")


class Rig:
    """A broker over the memory bus."""

    def __init__(self, bus: MemoryBus | None = None, linger_s: float = 0.2) -> None:
        self.bus = bus or MemoryBus()
        self.registry = CollectorRegistry()
        self.hub = hub_of()
        self.revocations = Revocations(self.bus)
        metrics = GatewayMetrics(self.registry)
        self.broker = Broker(self.bus, self.hub, self.revocations, metrics, linger_s=linger_s)

    @property
    def subscription(self) -> MemorySubscription:
        [subscription] = self.bus._subscriptions
        return subscription

    @property
    def subscribed(self) -> set[str]:
        return self.subscription.organizations

    def counted(self, name: str) -> float:
        return self.registry.get_sample_value(f"runcast_gateway_{name}_total") or 0

    async def until_subscribed(self, *organizations: str) -> None:
        await until(lambda: self.subscribed == set(organizations), instead=lambda: self.subscribed)


class Steps:
    """Holds up a verb of the bus until it is let on, call by call."""

    def __init__(self, original) -> None:
        self._original = original
        self.calls = 0
        self.allowed = anyio.Semaphore(0)

    async def __call__(self, *arguments):
        self.calls += 1
        await self.allowed.acquire()
        return await self._original(*arguments)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        broker_module, "SWEEP_S", 0.023
    )  # out of step with `wait_all_tasks_blocked`, which looks each 0.1 s
    monkeypatch.setattr(broker_module, "RETRY_S", 0.01)


@asynccontextmanager
async def _relaying(rig: Rig | None = None) -> AsyncIterator[Rig]:
    rig = rig or Rig()
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            await tasks.start(rig.broker.run)
            yield rig
            tasks.cancel_scope.cancel()


async def test_a_room_is_open_once_it_is_subscribed_and_its_tail_is_known():
    """And its revocations; whoever asks meanwhile waits for the same."""
    async with _relaying() as rig:
        before = await rig.bus.publish("a", EVENT)
        await rig.bus.revoke("a", "u", 1000, 3600)
        add, tail = Steps(rig.subscription.add), Steps(rig.bus.journal_tail)
        rig.subscription.add, rig.bus.journal_tail = add, tail
        rooms: list[Room] = []

        async def ask() -> None:
            rooms.append(await rig.broker.opened("a"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ask)
            tasks.start_soon(ask)
            for steps in (add, tail):
                await anyio.wait_all_tasks_blocked()
                assert rooms == []
                steps.allowed.release()
        room = rig.hub.room("a")
        assert rooms == [room, room]
        assert (add.calls, tail.calls) == (1, 1)
        assert (room.epoch, room.last_text) == ("memory", before)
        assert rig.revocations._held == {"a": {"u": 1000}}
        assert await rig.broker.opened("a") is room
        assert add.calls == 1


async def test_what_is_published_from_then_on_arrives():
    """To the room it belongs to, and is counted."""
    async with _relaying() as rig:
        for organization in ("a", "b"):
            await rig.broker.opened(organization)
        socket, other = joined(rig.hub, "a", recover=True), joined(rig.hub, "b")
        offsets = [await rig.bus.publish("a", EVENT) for _ in range(3)]
        await anyio.wait_all_tasks_blocked()
        assert socket.connection.offsets == offsets
        assert other.connection.sent == []
        assert rig.counted("events_relayed") >= 3


class LateTail:
    """The end of a journal as it was before the answer with it is there: what is published meanwhile comes after it."""

    def __init__(self, bus: MemoryBus) -> None:
        self._original = bus.journal_tail
        self.calls = 0
        self.allowed = anyio.Semaphore(0)

    async def __call__(self, organization_id: str) -> JournalTail:
        tail = await self._original(organization_id)
        self.calls += 1
        await self.allowed.acquire()
        return tail


async def test_what_arrives_between_the_tail_and_its_answer_is_not_lost():
    """It is kept until the room is open, in which it then stands for who joins late, and for who is here already."""
    async with _relaying() as rig:
        tail = rig.bus.journal_tail = LateTail(rig.bus)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(rig.broker.opened, "a")
            await until(lambda: tail.calls == 1)
            socket = joined(rig.hub, "a", recover=True)
            offsets = [await rig.bus.publish("a", EVENT) for _ in range(3)]
            await anyio.wait_all_tasks_blocked()
            assert socket.connection.offsets == []
            tail.allowed.release()
        assert socket.connection.offsets == offsets
        assert rig.counted("events_relayed") >= 3
        room = rig.hub.room("a")
        assert room.last_text == offsets[-1]
        assert room.hand_over(joined(rig.hub, "a", recover=True), parse_offset(offsets[0]))


async def test_who_could_not_wait_is_told_to_look_again_before_what_was_kept():
    """As what it is told first stands for all that came before."""
    async with _relaying() as rig:
        tail = rig.bus.journal_tail = LateTail(rig.bus)
        socket = joined(rig.hub, "a")
        rig.broker.resync_once_open("a")
        await until(lambda: tail.calls == 1)
        await rig.bus.publish("a", EVENT)
        await anyio.wait_all_tasks_blocked()
        tail.allowed.release()
        await until(lambda: len(socket.connection.names) == 2)
        assert socket.connection.names == [RESYNC, "execution-log"]


async def test_too_much_that_arrives_before_a_room_is_open_makes_its_tail_worthless(monkeypatch: pytest.MonkeyPatch):
    """Nothing is kept of it then; the tail that is asked for next comes after it."""
    monkeypatch.setattr(early, "MAX_BYTES", 5)
    async with _relaying() as rig:
        tail = rig.bus.journal_tail = LateTail(rig.bus)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(rig.broker.opened, "a")
            await until(lambda: tail.calls == 1)
            offsets = [await rig.bus.publish("a", EVENT) for _ in range(3)]
            await anyio.wait_all_tasks_blocked()
            tail.allowed.release()
            await until(lambda: tail.calls == 2)
            assert rig.hub.room("a").epoch is None
            tail.allowed.release()
        assert rig.hub.room("a").last_text == offsets[-1]


async def test_a_redis_that_does_not_answer_is_asked_until_it_does():
    """The room stays closed so long."""
    async with _relaying() as rig:
        rig.bus.down = True
        with anyio.move_on_after(0.05):
            await rig.broker.opened("a")
        assert rig.hub.room("a").epoch is None
        rig.bus.down = False
        room = await rig.broker.opened("a")
        assert room.epoch == "memory"


async def test_an_interruption_while_a_room_is_opened_makes_its_tail_worthless():
    """Something may have been published after it and before the subscription was there again."""
    async with _relaying() as rig:
        tail = rig.bus.journal_tail = Steps(rig.bus.journal_tail)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(rig.broker.opened, "a")
            await anyio.wait_all_tasks_blocked()
            rig.subscription.sender.send_nowait(Gap("a"))
            await anyio.wait_all_tasks_blocked()
            tail.allowed.release()
            await anyio.wait_all_tasks_blocked()
            assert (rig.hub.room("a").epoch, tail.calls) == (None, 2)
            tail.allowed.release()
        assert rig.hub.room("a").epoch == "memory"
        assert (rig.counted("gaps"), rig.counted("repaired_gaps")) == (1, 0)


async def test_sockets_that_could_not_wait_are_told_to_look_again():
    """Once, when the room is open, however many they are."""
    async with _relaying() as rig:
        add = rig.subscription.add = Steps(rig.subscription.add)
        socket = joined(rig.hub, "a")
        rig.broker.resync_once_open("a")
        rig.broker.resync_once_open("a")
        await anyio.wait_all_tasks_blocked()
        assert socket.connection.sent == []
        add.allowed.release()
        await anyio.wait_all_tasks_blocked()
        assert socket.connection.sent == ['2["resync",{"reason":"subscribed late"}]']
        await rig.bus.publish("a", EVENT)
        await anyio.wait_all_tasks_blocked()
        assert socket.connection.names == [RESYNC, "execution-log"]


async def test_who_came_for_an_organization_that_was_just_dropped_gets_it_again():
    """It was asked for before, and its room was closed while it waited for something else."""
    async with _relaying() as rig:
        await rig.broker.opened("a")
        await rig.until_subscribed()
        socket = joined(rig.hub, "a")
        rig.broker.resync_once_open("a")
        await anyio.wait_all_tasks_blocked()
        assert socket.connection.names == [RESYNC]
        await anyio.sleep(0.3)
        assert rig.subscribed == {"a"}
        rig.hub.lost(socket)
        await rig.until_subscribed()
        await rig.broker.opened("a")
        assert joined(rig.hub, "a").connection.sent == []
        assert rig.broker._late == set()


async def test_an_organization_is_dropped_a_while_after_its_last_socket_left():
    """Not while it has one, nor at once: whoever reconnects finds the subscription there. Nothing of it is kept."""
    async with _relaying() as rig:
        await rig.broker.opened("a")
        await rig.broker.opened("b")
        socket = joined(rig.hub, "a")
        await rig.until_subscribed("a")
        rig.bus.interrupt()
        rig.hub.lost(socket)
        left_at = anyio.current_time()
        await rig.until_subscribed()
        assert anyio.current_time() - left_at == pytest.approx(0.2, abs=0.06)
        assert (rig.hub._rooms, rig.revocations._held, rig.broker._wanted_at) == ({}, {}, {})
        assert (rig.broker._opening, rig.broker._interrupted, rig.broker._late) == ({}, set(), set())
        await rig.broker.opened("a")
        assert rig.subscribed == {"a"}


async def test_an_organization_is_not_dropped_while_it_is_opened():
    """However long that takes: the room would be open and hear nothing."""
    async with _relaying(Rig(linger_s=0.05)) as rig:
        tail = rig.bus.journal_tail = Steps(rig.bus.journal_tail)
        with anyio.move_on_after(0.2):
            await rig.broker.opened("a")
        assert rig.subscribed == {"a"}
        for _ in range(9):
            tail.allowed.release()
        room = await rig.broker.opened("a")
        assert (room.epoch, rig.subscribed) == ("memory", {"a"})
        await rig.until_subscribed()
        assert (rig.hub._rooms, rig.revocations._held) == ({}, {})


async def test_a_gap_or_an_event_of_what_nobody_wants_any_more_makes_no_room():
    """It was on its way when the organization was dropped."""
    async with _relaying() as rig:
        for item in (Gap("a"), log_line("1-0")):
            rig.subscription.sender.send_nowait(item)
        await anyio.wait_all_tasks_blocked()
        assert (rig.hub._rooms, rig.broker._interrupted) == ({}, set())
        assert rig.counted("gaps") == 0


async def test_a_gap_that_redis_does_not_let_repair_closes_the_room_until_it_does(monkeypatch: pytest.MonkeyPatch):
    """Within a time; sockets are told at once, and again when what is published arrives."""
    monkeypatch.setattr(broker_module, "REPAIR_S", 0.05)
    async with _relaying() as rig:
        await rig.broker.opened("a")
        socket = joined(rig.hub, "a")
        read = rig.bus.read_journal

        async def silent(*_arguments, **_options) -> None:
            await anyio.sleep_forever()

        rig.bus.read_journal = silent
        tail = rig.bus.journal_tail = Steps(rig.bus.journal_tail)
        rig.bus.interrupt()
        await until(lambda: socket.connection.sent)
        assert socket.connection.events == [[RESYNC, {"reason": "subscription interrupted"}]]
        assert rig.hub.room("a").epoch is None
        rig.bus.read_journal = read
        tail.allowed.release()
        room = await rig.broker.opened("a")
        assert (room.epoch, socket.connection.names) == ("memory", [RESYNC, RESYNC])


async def test_gaps_are_repaired_over_pages_and_at_the_same_time(monkeypatch: pytest.MonkeyPatch):
    """In order, each organization's own."""
    monkeypatch.setattr(broker_module, "PAGE", 10)
    async with _relaying() as rig:
        sockets, published = {}, {}
        for organization in ("a", "b"):
            await rig.broker.opened(organization)
            sockets[organization] = joined(rig.hub, organization, recover=True)
        rig.subscribed.clear()
        for organization in ("a", "b"):
            published[organization] = [await rig.bus.publish(organization, EVENT) for _ in range(28)]
        for organization in ("a", "b"):
            await rig.subscription.add(organization)
        rig.bus.interrupt()
        await anyio.wait_all_tasks_blocked()
        assert {o: socket.connection.offsets for o, socket in sockets.items()} == published
        assert (rig.counted("gaps"), rig.counted("repaired_gaps")) == (2, 2)


async def test_journals_are_kept_while_their_offsets_are_held(monkeypatch: pytest.MonkeyPatch):
    """Again and again, also after a failure."""
    monkeypatch.setattr(broker_module, "KEEP_S", 0.01)
    kept: list[set[str]] = []

    class KeepingBus(MemoryBus):
        async def keep_journals(self, organization_ids: Collection[str]) -> None:
            kept.append(set(organization_ids))
            await self.ping()

    async with _relaying(Rig(KeepingBus())) as rig:
        for organization in ("a", "b"):
            await rig.broker.opened(organization)
        rig.bus.down = True
        kept.clear()
        await until(lambda: len(kept) >= 3)
        assert kept[-1] == {"a", "b"}


async def test_it_is_ready_while_events_can_arrive():
    """Not before it runs, not while the subscription is interrupted, not after it ended."""
    async with _relaying() as rig:
        rig.broker.check()
        rig.bus.down = True
        with pytest.raises(BusUnavailable):
            rig.broker.check()
        rig.bus.down = False
    for broker in (rig.broker, Rig().broker):
        with pytest.raises(BusUnavailable, match="does not relay"):
            broker.check()


async def test_a_tail_that_is_older_than_what_arrived_takes_nothing_back():
    """An event may have been relayed while the tail was asked for."""
    room = Rig().hub.room("a")
    room.deliver([log_line("5-0")])
    room.open(JournalTail("e", "4-0"))
    assert (room.epoch, room.last_text) == ("e", "5-0")
