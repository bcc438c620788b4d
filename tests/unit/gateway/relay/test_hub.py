"""Isolation at the level of bus and hub: whatever happens in whatever order, nothing crosses organizations."""

import anyio
import anyio.lowlevel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from runcast_core.bus.bus import Delivery
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.events import EXECUTION_LOG, Event
from runcast_core.model.identifiers import EVERYBODY
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.relay import room as room_module
from runcast_gateway.relay.broker import Broker
from runcast_gateway.relay.hub import Hub
from runcast_gateway.relay.revocations import Revocations
from tests.parts.connection import hub_of, joined, socket_of

ORGANIZATIONS = ("a", "b", "c")
TASKS = ("t0", "t1", "t2")
VERBS = ["join", "leave", "publish", "publish", "publish", "log", "log", "log", "watch", "slow", "fast"]
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.sampled_from(ORGANIZATIONS), st.integers(0, 2), st.integers(0, 7)),
    max_size=80,
)


class Member:
    """What a socket has to have, by a model that knows nothing of lanes: each event is looked at for each socket."""

    def __init__(self, hub: Hub, organization_id: str, kind: int) -> None:
        watching = frozenset(TASKS[: kind // 2]) if kind % 2 else None
        self.socket = joined(hub, organization_id, recover=bool(kind & 4), watching=watching)
        self.expected: list[str] = []
        self.slow = False
        self.told: set[str] = set()
        self.untold: set[str] = set()

    def publish(self, name: str, task_id: str, payload: bytes, offset: str) -> None:
        watching = self.socket.watching
        if name == EXECUTION_LOG and watching is not None and task_id not in watching:
            return
        if name == EXECUTION_LOG and self.slow:
            self._keep(task_id)
            return
        end = ""
        if self.socket.recover:
            self.expected += [_resync(task, "too slow for output") for task in sorted(self.untold)]
            self.untold.clear()
            end = f',"{offset}"'
        self.expected.append(f'2["{name}",{payload.decode()}{end}]')

    def _keep(self, task_id: str) -> None:
        if task_id in self.told:
            self.untold.add(task_id)
        else:
            self.told.add(task_id)
            self.expected.append(_resync(task_id, "too slow for output"))

    def go_fast(self) -> None:
        self.slow = False
        self.expected += [_resync(task_id, "output resumed") for task_id in sorted(self.told | self.untold)]
        self.told, self.untold = set(), set()


def _resync(task_id: str, reason: str) -> str:
    return f'2["resync",{{"reason":"{reason}","taskId":"{task_id}"}}]'


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_each_socket_gets_its_organizations_events_while_joined_in_order_and_no_others(steps):
    """Whatever it wants and however slow it is: a model of who was joined when says exactly what each socket has."""
    anyio.run(_play, steps)


async def _play(steps: list[tuple[str, str, int, int]]) -> None:
    bus, hub = MemoryBus(), hub_of()
    broker = Broker(bus, hub, Revocations(bus), GatewayMetrics(CollectorRegistry()), linger_s=30)
    members: dict[tuple[str, int], Member] = {}
    everybody: list[Member] = []
    async with anyio.create_task_group() as tasks:
        await tasks.start(broker.run)
        for organization_id in ORGANIZATIONS:
            await broker.opened(organization_id)
        for position, (verb, organization_id, number, kind) in enumerate(steps):
            place = organization_id, number
            if verb == "join" and place not in members:
                members[place] = Member(hub, organization_id, kind)
                everybody.append(members[place])
            elif verb in ("publish", "log"):
                event = Event(EXECUTION_LOG if verb == "log" else "e", TASKS[number], b"%d" % position)
                offset = await bus.publish(organization_id, event)
                while hub.room(organization_id).last_text != offset:
                    await anyio.lowlevel.checkpoint()
                for (other, _), member in members.items():
                    if other == organization_id:
                        member.publish(event.name, TASKS[number], event.payload, offset)
            elif place in members:
                _change(hub, members, place, verb, kind)
        tasks.cancel_scope.cancel()
    assert [member.socket.connection.sent for member in everybody] == [member.expected for member in everybody]


def _change(hub: Hub, members: dict[tuple[str, int], Member], place: tuple[str, int], verb: str, kind: int) -> None:
    member = members[place]
    if verb == "leave":
        hub.lost(member.socket)
        del members[place]
    elif verb == "watch":
        member.socket.watching = frozenset(TASKS[: kind % 4])
        hub.replace(member.socket)
    elif verb == "slow":
        hub.congested(member.socket)
        member.slow = True
    elif verb == "fast" and member.slow:
        hub.drained(member.socket)
        member.go_fast()


def test_a_socket_in_the_wrong_room_is_not_sent_the_event_and_that_is_counted():
    """The egress check holds even if the hub's own bookkeeping were wrong."""
    registry = CollectorRegistry()
    hub = hub_of(registry=registry)
    right, wrong = joined(hub, "a"), socket_of("b")
    hub.room("a").join(wrong)

    async def deliver() -> None:
        hub.deliver("a", [Delivery("a", "1-0", Event("e", None, b"{}"))])

    anyio.run(deliver)
    assert right.connection.sent == ['2["e",{}]']
    assert wrong.connection.sent == []
    assert registry.get_sample_value("runcast_gateway_misrouted_events_total") == 1


async def test_not_even_a_log_that_cannot_be_written_lets_an_event_out(monkeypatch: pytest.MonkeyPatch):
    """Its error looks like that of a connection which takes nothing now; those that follow have their events."""
    hub = hub_of()
    wrong, right = socket_of("b"), socket_of("a")
    hub.room("a").join(wrong)
    hub.room("a").join(right)

    def broken(*_arguments, **_values) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(room_module.log, "error", broken)
    hub.deliver("a", [Delivery("a", "1-0", Event("e", None, b"{}"))])
    assert (wrong.connection.sent, right.connection.sent) == ([], ['2["e",{}]'])


def test_sockets_are_counted_by_organization_and_user():
    """Each once, however often it is said to be gone."""
    hub = hub_of()
    first, second = joined(hub, "a", "u"), joined(hub, "a", "v")
    other = joined(hub, "b", "u")
    assert hub.presence() == {"a": {"u": 1, "v": 1}, "b": {"u": 1}}
    assert (hub.count("a"), hub.count("a", "u"), hub.count("a", "w"), hub.count("c")) == (2, 1, 0, 0)
    assert hub.sockets("a", {"u", "w"}) == [first]
    assert hub.sockets("a", {EVERYBODY}) == [first, second]
    assert hub.sockets("c", {"u", EVERYBODY}) == []
    hub.lost(first)
    hub.lost(first)
    assert hub.presence() == {"a": {"v": 1}, "b": {"u": 1}}
    hub.close("a")
    assert list(hub.all_sockets()) == [second, other]
    hub.lost(second)
    hub.close("a")
    assert not hub.holds("a")


async def test_what_nobody_here_asked_for_makes_no_room():
    """As when it arrives after the last socket left and its lingering ended."""
    hub = hub_of()
    hub.deliver("a", [Delivery("a", "1-0", Event("e", None, b"{}"))])
    assert list(hub.all_sockets()) == []
    socket = joined(hub, "a")
    hub.deliver("a", [Delivery("a", "1-0", Event("e", None, b"{}"))])
    assert socket.connection.names == ["e"]
