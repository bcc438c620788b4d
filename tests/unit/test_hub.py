"""Isolation at the level of bus and hub: whatever happens in whatever order, nothing crosses organizations."""

from collections import defaultdict

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from runcast_core.accounts import Role
from runcast_core.bus import Delivery
from runcast_core.events import Event
from runcast_core.memory_bus import MemoryBus
from runcast_core.tokens import Claims
from runcast_gateway.broker import Broker
from runcast_gateway.hub import Hub
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.socket import Socket

ORGANIZATIONS = ("a", "b", "c")
STEPS = st.lists(
    st.tuples(st.sampled_from(["join", "leave", "publish"]), st.sampled_from(ORGANIZATIONS), st.integers(0, 2)),
    max_size=60,
)


class Recorder:
    """A transport that keeps what each connection was sent."""

    def __init__(self) -> None:
        self.sent: dict[str, list[str]] = defaultdict(list)

    def send(self, eio_sid: str, frame: str) -> bool:
        self.sent[eio_sid].append(frame)
        return True


def socket_of(organization_id: str, number: int, transport: Recorder) -> Socket:
    sid = f"{organization_id}{number}"
    return Socket(sid, sid, Claims("u", organization_id, Role.VIEWER, 0), transport)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_each_socket_gets_its_organizations_events_while_joined_in_order_and_no_others(steps):
    """A model of who was joined when says exactly what each socket has."""
    anyio.run(_play, steps)


async def _play(steps: list[tuple[str, str, int]]) -> None:
    bus, transport = MemoryBus(), Recorder()
    metrics = GatewayMetrics(CollectorRegistry())
    hub = Hub(metrics)
    broker = Broker(bus, hub, metrics, linger_s=30)
    expected: dict[str, list[str]] = defaultdict(list)
    joined: dict[str, Socket] = {}
    async with anyio.create_task_group() as tasks:
        await tasks.start(broker.run)
        for organization_id in ORGANIZATIONS:
            await broker.subscribed(organization_id)
        for position, (verb, organization_id, number) in enumerate(steps):
            socket = joined.get(f"{organization_id}{number}") or socket_of(organization_id, number, transport)
            if verb == "join":
                joined[socket.sid] = socket
                hub.join(socket)
            elif verb == "leave":
                joined.pop(socket.sid, None)
                hub.leave(socket)
            else:
                await bus.publish(organization_id, Event("e", None, b"%d" % position))
                await anyio.wait_all_tasks_blocked()
                for other in joined.values():
                    if other.organization_id == organization_id:
                        expected[other.sid].append(f'2["e",{position}]')
        tasks.cancel_scope.cancel()
    assert dict(transport.sent) == dict(expected)


def test_a_socket_in_the_wrong_room_is_not_sent_the_event_and_that_is_counted():
    """The egress check holds even if the hub's own bookkeeping were wrong."""
    transport, registry = Recorder(), CollectorRegistry()
    hub = Hub(GatewayMetrics(registry))
    hub.join(socket_of("a", 1, transport))
    hub._sockets["a"]["b1"] = socket_of("b", 1, transport)
    hub.deliver(Delivery("a", "1-0", Event("e", None, b"{}")))
    assert dict(transport.sent) == {"a1": ['2["e",{}]']}
    assert registry.get_sample_value("runcast_gateway_misrouted_events_total") == 1


async def test_a_gap_becomes_resync_for_that_organizations_sockets():
    """Dashboards are told to read again."""
    bus, transport = MemoryBus(), Recorder()
    metrics = GatewayMetrics(CollectorRegistry())
    hub = Hub(metrics)
    broker = Broker(bus, hub, metrics, linger_s=30)
    async with anyio.create_task_group() as tasks:
        await tasks.start(broker.run)
        await broker.subscribed("a")
        hub.join(socket_of("a", 1, transport))
        hub.join(socket_of("b", 1, transport))
        bus.interrupt()
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert dict(transport.sent) == {"a1": ['2["resync",{"reason":"subscription interrupted"}]']}
