"""Many official JavaScript clients that poll, or change from polling to a WebSocket, while events pour in."""

import anyio
import pytest

from runcast_core.bus.redis.bus import RedisBus
from runcast_core.model.identifiers import new_id
from tests.e2e.crowd import Crowd
from tests.e2e.recovering import ABOUT_IT, Publisher, Watcher, watchers
from tests.parts.balancer import balanced
from tests.parts.installation import Installation

pytestmark = pytest.mark.usefixtures("javascript_client")

CLIENTS = 30


async def test_nothing_is_lost_or_overtaken_while_clients_upgrade(installation: Installation, redis_bus: RedisBus):
    """New ones, and such as are replayed what they missed in the middle of it; each asks for answers meanwhile."""
    organization = new_id()
    publisher = Publisher(redis_bus, organization)
    auth = {"token": installation.token(organization), "recover": True}
    async with (
        balanced(installation.gateways[0]) as balancer,
        watchers(balancer.url, CLIENTS, auth=auth) as clients,
    ):
        for times in (1, 2, 3):
            balancer.websockets = anyio.Event()
            async with publisher.publishing():
                await clients.until(lambda t=times: all(len(w.of("auth-success")) == t for w in clients.clients))
                await _all_go_on(clients, publisher)
                async with anyio.create_task_group() as tasks:
                    balancer.websockets.set()
                    for client in clients.clients:
                        tasks.start_soon(_ask, client, times)
                await clients.until(lambda t=times: all(len(w.of("upgrade")) == t for w in clients.clients))
                await _all_go_on(clients, publisher)
                if times < 3:
                    balancer.cut()
                    await clients.until(lambda t=times: all(len(w.of("disconnect")) == t for w in clients.clients))
        await _all_have(clients, publisher)
    for client in clients.clients:
        assert [recovered for recovered, _, _ in client.connections] == [False, True, True]
        assert [transport for _, _, transport in client.connections] == ["polling"] * 3
        assert client.numbers == publisher.numbers[client.numbers[0] :]
        assert len(client.of("disconnect")) == 2
        assert client.of("resync") == []
        assert _first_of_each_connection(client) == ["auth-success"] * 3


async def test_clients_that_only_poll_have_everything(installation: Installation, redis_bus: RedisBus):
    """Although an answer holds only some packets: also what they missed, and what comes meanwhile."""
    organization = new_id()
    publisher = Publisher(redis_bus, organization)
    auth = {"token": installation.token(organization), "recover": True}
    async with (
        balanced(installation.gateways[0]) as balancer,
        watchers(balancer.url, CLIENTS // 3, auth=auth, transports=["polling"]) as clients,
    ):
        await clients.until(lambda: all(w.of("auth-success") for w in clients.clients))
        await publisher.publish(50)
        await _all_have(clients, publisher)
        targets, balancer.targets = balancer.targets, []
        balancer.cut()
        await clients.until(lambda: all(w.of("disconnect") for w in clients.clients))
        await publisher.publish(250)
        balancer.targets = targets
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(publisher.publish, 300)
            await clients.until(lambda: all(len(w.of("auth-success")) == 2 for w in clients.clients))
        await _all_have(clients, publisher)
    for client in clients.clients:
        assert client.numbers == publisher.numbers
        assert [recovered for recovered, _, _ in client.connections] == [False, True]


async def _ask(client: Watcher, times: int) -> None:
    """Wait for answers, one after the other, to questions asked before, in and after the change of transport."""
    await client.connected(times)
    answered = len(client.of("answer"))
    for number in range(1, 6):
        await client.call("ask", "unwatch", {"taskId": "t"})
        await client.until(lambda c, n=number: len(c.of("answer")) == answered + n)


async def _all_go_on(clients: Crowd[Watcher], publisher: Publisher) -> None:
    """Wait until each has an event that was published after now."""
    now = len(publisher.numbers)
    await clients.until(lambda: all(w.numbers[-1:] > [now] for w in clients.clients))


async def _all_have(clients: Crowd[Watcher], publisher: Publisher) -> None:
    last = publisher.numbers[-1:]
    await clients.until(lambda: all(w.numbers[-1:] == last for w in clients.clients))


def _first_of_each_connection(client: Watcher) -> list[str]:
    names = [name for name, _ in client.happened if name == "connect" or name not in ABOUT_IT]
    return [names[place + 1] for place, name in enumerate(names) if name == "connect"]
