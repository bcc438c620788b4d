"""What keeps one organization's flood from another's events on the same gateway."""

import anyio
from prometheus_client import CollectorRegistry

from runcast_core.bus.bus import Delivery
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.events import EXECUTION_LOG, EXECUTION_UPDATED, Event
from runcast_gateway.bounds import Bounds
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.relay.broker import Broker
from runcast_gateway.relay.revocations import Revocations
from runcast_gateway.relay.room import MAX_PENDING_BYTES
from tests.parts.conditions import until
from tests.parts.connection import hub_of, joined, log_line

CHUNK = b'{"log":"' + b"x" * 16_384 + b'"}'
"""As large as runners make them."""


async def test_who_has_little_to_say_does_not_wait_for_who_has_much():
    """Of what was read from Redis at one time, the fewer events of an organization are written first."""
    bus, hub, written = MemoryBus(), hub_of(), []
    broker = Broker(bus, hub, Revocations(bus), GatewayMetrics(CollectorRegistry()), linger_s=30)
    async with anyio.create_task_group() as tasks:
        await tasks.start(broker.run)
        for organization_id in ("noisy", "quiet", "busy"):
            await broker.opened(organization_id)
            connection = joined(hub, organization_id).connection
            connection.on_write = lambda organization_id=organization_id: written.append(organization_id)
        for organization_id, count in (("noisy", 300), ("busy", 20), ("quiet", 2)):
            for _ in range(count):
                await bus.publish(organization_id, Event(EXECUTION_UPDATED, "t", b"{}"))
        await until(lambda: len(set(written)) >= 3)
        tasks.cancel_scope.cancel()
    assert written == ["quiet", "busy", "noisy"]


async def test_no_write_is_larger_than_the_bound_and_one_event():
    """However much comes at once, the pieces are no larger, so that a slow socket is noticed in the middle of it."""
    hub, sizes = hub_of(Bounds(window_s=10)), []
    socket = joined(hub, "a")
    take = socket.connection.write
    socket.connection.write = lambda frames: (sizes.append(len(frames)), take(frames))
    for start in range(0, 2000, 500):
        flood = [f"{number}-0" for number in range(start + 1, start + 501)]
        hub.deliver("a", [Delivery("a", offset, Event(EXECUTION_LOG, "t", CHUNK)) for offset in flood])
    hub.room("a").flush()
    assert sum(sizes) > 2000 * len(CHUNK)
    assert max(sizes) < MAX_PENDING_BYTES + len(CHUNK) + 1000
    assert len(socket.connection.names) == 2000


async def test_a_burst_of_another_organization_does_not_lengthen_ones_own_wait():
    """A room waits for company by its own writes alone; one that was quiet is written to at once."""
    hub = hub_of(Bounds(window_s=600))
    noisy, quiet = joined(hub, "noisy"), joined(hub, "quiet")
    for number in range(1, 50):
        hub.deliver("noisy", [log_line(f"{number}-0", organization_id="noisy")])
    hub.deliver("quiet", [log_line("1-0", organization_id="quiet")])
    await until(lambda: quiet.connection.names)
    assert quiet.connection.names == ["execution-log"]
    assert noisy.connection.names[:1] == ["execution-log"]
