"""Isolation at the level of bus and hub: whatever happens in whatever order, nothing crosses organizations."""

from collections import defaultdict

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from runcast_core.bus import Delivery
from runcast_core.events import Event
from runcast_core.memory_bus import MemoryBus
from runcast_gateway.broker import Broker
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.revocations import Revocations
from runcast_gateway.socket import Socket
from tests.connection import hub_of, joined, socket_of

ORGANIZATIONS = ("a", "b", "c")
STEPS = st.lists(
    st.tuples(st.sampled_from(["join", "leave", "publish"]), st.sampled_from(ORGANIZATIONS), st.integers(0, 2)),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_each_socket_gets_its_organizations_events_while_joined_in_order_and_no_others(steps):
    """A model of who was joined when says exactly what each socket has."""
    anyio.run(_play, steps)


async def _play(steps: list[tuple[str, str, int]]) -> None:
    bus, hub = MemoryBus(), hub_of()
    broker = Broker(bus, hub, Revocations(bus), GatewayMetrics(CollectorRegistry()), linger_s=30)
    expected: dict[Socket, list[str]] = defaultdict(list)
    members: dict[tuple[str, int], Socket] = {}
    everybody: list[Socket] = []
    async with anyio.create_task_group() as tasks:
        await tasks.start(broker.run)
        for organization_id in ORGANIZATIONS:
            await broker.opened(organization_id)
        for position, (verb, organization_id, number) in enumerate(steps):
            member = organization_id, number
            if verb == "join" and member not in members:
                members[member] = joined(hub, organization_id)
                everybody.append(members[member])
            elif verb == "leave" and member in members:
                hub.lost(members.pop(member))
            elif verb == "publish":
                await bus.publish(organization_id, Event("e", None, b"%d" % position))
                await anyio.wait_all_tasks_blocked()
                for (other, _), socket in members.items():
                    if other == organization_id:
                        expected[socket].append(f'2["e",{position}]')
        tasks.cancel_scope.cancel()
    assert [socket.connection.sent for socket in everybody] == [expected[socket] for socket in everybody]


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


def test_sockets_are_counted_by_organization_and_user():
    """Each once, however often it is said to be gone."""
    hub = hub_of()
    first, second = joined(hub, "a", "u"), joined(hub, "a", "v")
    other = joined(hub, "b", "u")
    assert hub.presence() == {"a": {"u": 1, "v": 1}, "b": {"u": 1}}
    assert (hub.count("a"), hub.count("a", "u"), hub.count("a", "w"), hub.count("c")) == (2, 1, 0, 0)
    assert hub.sockets("a", "u") == [first]
    assert hub.sockets("c", "u") == []
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
