"""A gateway that is told to stop: where its clients are afterwards, and what they missed."""

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx
import orjson
import pytest

from runcast_core.bus.bus import Bus
from runcast_core.model.events import EXECUTION_UPDATED, Event
from runcast_core.model.identifiers import new_id
from tests.e2e.counters import counted
from tests.e2e.crowd import Client, crowd, official
from tests.parts.balancer import balanced
from tests.parts.conditions import until
from tests.parts.installation import Installation, Service, started_installation, until_ready
from tests.parts.load_balancer import load_balanced
from tests.parts.part import Part

WINDOW_S = 4
LONG_S = 60
"""Much more than anything takes but a window that is longer still."""
MANY = 200


@pytest.fixture
def gateways(redis_part: Part, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Installation]:
    window = {"RUNCAST_DRAIN_WINDOW": str(getattr(request, "param", WINDOW_S))}
    with started_installation(redis_part.url, tmp_path, runners=(), api=False, **window) as running:
        yield running


class Publisher:
    """Publishes numbered states of an organization, until it is told to stop."""

    def __init__(self, bus: Bus, organization_id: str) -> None:
        self._bus = bus
        self._organization_id = organization_id
        self.count = 0

    async def publish(self) -> None:
        body = orjson.dumps({"taskId": "t", "n": self.count})
        self.count += 1
        await self._bus.publish(self._organization_id, Event(EXECUTION_UPDATED, "t", body))

    async def run(self) -> None:
        while True:
            with anyio.CancelScope(shield=True):
                await self.publish()  # one that is interrupted is a `resync`
            await anyio.sleep(0.05)


@asynccontextmanager
async def publishing(bus: Bus, organization_id: str) -> AsyncIterator[Publisher]:
    publisher = Publisher(bus, organization_id)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(publisher.run)
        yield publisher
        tasks.cancel_scope.cancel()
    await publisher.publish()


def _numbers(client: Client) -> list[int]:
    return [payload["n"] for payload in client.of(EXECUTION_UPDATED)]


async def _not_ready(service: Service) -> None:
    """Wait until it says so, which it has to do before it ends."""
    async with httpx.AsyncClient() as http:
        await until_ready(http, service.url, 503)


async def _ended(service: Service) -> int:
    """Wait for its end; return its status."""
    await until(lambda: service.process.poll() is not None, LONG_S)
    return int(service.process.returncode)


@pytest.mark.usefixtures("javascript_client")
async def test_two_hundred_clients_move_to_another_gateway(gateways: Installation, redis_bus):
    """Spread over the window, by themselves, told beforehand; each sees every event once, and the process ends."""
    organization, leaving = new_id(), gateways.services["gateway-1"]
    options = {"auth": {"token": gateways.token(organization), "recover": True}, "transports": ["websocket"]}
    async with load_balanced(leaving.url) as balancer, crowd(balancer.url, MANY, **options) as clients:
        await clients.until(lambda: all(c.of("auth-success") for c in clients.clients), 40)
        assert await counted(leaving.url, "sockets", organization=organization) == MANY
        balancer.targets[:] = [gateways.gateways[1]]
        await balancer.settled()
        async with publishing(redis_bus, organization) as publisher:
            await clients.until(lambda: all(c.of(EXECUTION_UPDATED) for c in clients.clients))
            told_at = anyio.current_time()
            leaving.process.send_signal(signal.SIGTERM)
            await _not_ready(leaving)
            assert await _ended(leaving) == 0
            await clients.until(lambda: all(len(c.of("auth-success")) == 2 for c in clients.clients), 40)
        await clients.until(lambda: all(_numbers(c)[-1:] == [publisher.count - 1] for c in clients.clients))
        assert await counted(gateways.gateways[1], "sockets", organization=organization) == MANY
    assert "timeout graceful shutdown exceeded" not in gateways.log_of("gateway-1")
    _check_moves(clients.clients, publisher.count)
    _check_spread(clients.clients, told_at)


def _check_moves(clients: list[Client], published: int) -> None:
    for client in clients:
        [told] = client.of("drain")
        assert 0 < told["withinMs"] <= WINDOW_S * 1000
        assert client.of("disconnect") in (["transport close"], ["transport error"])
        assert client.of("connect") == [False, True]
        assert client.of("connect_error", "resync") == []
        numbers = _numbers(client)
        assert numbers == list(range(numbers[0], published))


def _check_spread(clients: list[Client], told_at: float) -> None:
    """No crowd at any moment: when the last quarter had still to go, a tenth had come back already; and the last one
    went late in the window, which a busy machine makes no sooner."""
    gone = sorted(client.when("disconnect")[0] for client in clients)
    back = sorted(client.when("auth-success")[1] for client in clients)
    assert back[MANY // 10] < gone[MANY * 3 // 4]
    assert gone[-1] - told_at >= WINDOW_S / 2


@pytest.mark.usefixtures("javascript_client")
async def test_clients_that_come_back_to_it_are_moved_again(gateways: Installation, redis_bus):
    """Where a load balancer does not notice that it leaves: each time without missing anything, until it is gone."""
    organization, leaving = new_id(), gateways.services["gateway-1"]
    options = {"auth": {"token": gateways.token(organization), "recover": True}, "transports": ["websocket"]}
    async with balanced(*gateways.gateways) as balancer, crowd(balancer.url, 20, **options) as clients:
        await clients.until(lambda: all(c.of("auth-success") for c in clients.clients), 40)
        async with publishing(redis_bus, organization) as publisher:
            await clients.until(lambda: all(c.of(EXECUTION_UPDATED) for c in clients.clients))
            leaving.process.send_signal(signal.SIGTERM)
            assert await _ended(leaving) == 0
        await clients.until(lambda: all(_numbers(c)[-1:] == [publisher.count - 1] for c in clients.clients))
        assert await counted(gateways.gateways[1], "sockets", organization=organization) == 20
    for client in clients.clients:
        first, *later = client.of("connect")
        numbers = _numbers(client)
        assert (first, set(later)) == (False, {True})
        assert client.of("resync") == []
        assert numbers == list(range(numbers[0], publisher.count))
    assert max(len(client.of("drain")) for client in clients.clients) > 1


@pytest.mark.usefixtures("javascript_client")
async def test_clients_that_poll_move_too(gateways: Installation, redis_bus):
    """Through a load balancer with affinity, and without missing anything."""
    organization, leaving = new_id(), gateways.services["gateway-1"]
    options = {"auth": {"token": gateways.token(organization), "recover": True}, "transports": ["polling"]}
    async with (
        load_balanced(*gateways.gateways, affinity=True) as balancer,
        crowd(balancer.url, 20, **options) as clients,
    ):
        await clients.until(lambda: all(c.of("auth-success") for c in clients.clients), 40)
        async with publishing(redis_bus, organization) as publisher:
            await clients.until(lambda: all(c.of(EXECUTION_UPDATED) for c in clients.clients))
            leaving.process.send_signal(signal.SIGTERM)
            await _not_ready(leaving)
            assert await _ended(leaving) == 0
        await clients.until(lambda: all(_numbers(c)[-1:] == [publisher.count - 1] for c in clients.clients))
        assert await counted(gateways.gateways[1], "sockets", organization=organization) == 20
    for client in clients.clients:
        numbers = _numbers(client)
        assert numbers == list(range(numbers[0], publisher.count))
        assert "io server disconnect" not in client.of("disconnect")


@pytest.mark.usefixtures("javascript_client")
@pytest.mark.parametrize("gateways", [10 * LONG_S], indirect=True, ids=["long window"])
async def test_a_gateway_ends_when_it_is_empty_and_at_once_when_it_is_told_twice(gateways: Installation):
    """Without a client it waits for nobody; with one, a second signal waits no longer."""
    empty, busy = gateways.services["gateway-1"], gateways.services["gateway-2"]
    empty.process.send_signal(signal.SIGTERM)
    assert await _ended(empty) == 0
    async with official(busy.url, gateways.token(new_id())):
        busy.process.send_signal(signal.SIGTERM)
        await _not_ready(busy)
        busy.process.send_signal(signal.SIGTERM)
        assert await _ended(busy) == 130
