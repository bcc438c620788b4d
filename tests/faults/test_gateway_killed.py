"""A gateway that is killed under publishers: its clients go on with another, and each has every event once."""

import signal
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from runcast_core.bus.redis.bus import RedisBus
from runcast_core.model.identifiers import new_id
from tests.e2e.crowd import Crowd
from tests.e2e.recovering import Publisher, Watcher, watchers
from tests.parts.balancer import balanced
from tests.parts.installation import started_installation
from tests.parts.part import Part

pytestmark = pytest.mark.usefixtures("javascript_client")

CLIENTS = 10
"""Of each kind."""


async def test_clients_of_a_killed_gateway_miss_nothing(redis_part: Part, redis_bus: RedisBus, tmp_path: Path):
    """All are recovered by the other one, which had nobody of theirs, in order, while events go on."""
    organization = new_id()
    publisher = Publisher(redis_bus, organization)
    with started_installation(redis_part.url, tmp_path, runners=()) as installation:
        auth = {"token": installation.token(organization), "recover": True}
        async with (
            balanced(*installation.gateways) as balancer,
            watchers(balancer.url, CLIENTS, auth=auth, transports=["websocket"]) as direct,
            watchers(balancer.url, CLIENTS, auth=auth) as upgrading,
        ):
            crowds = (direct, upgrading)
            await _all(crowds, lambda w: w.of("auth-success"))
            async with publisher.publishing(3):
                await _all(crowds, lambda w: len(w.numbers) > 200)
                installation.services["gateway-1"].process.send_signal(signal.SIGKILL)
                await _all(crowds, lambda w: len(w.of("auth-success")) == 2)
                there = len(publisher.numbers)
                await _all(crowds, lambda w: len(w.numbers) > there + 200)
            await _all(crowds, lambda w: len(w.numbers) >= len(publisher.numbers))
    for client in (*direct.clients, *upgrading.clients):
        assert client.numbers == publisher.numbers
        assert [recovered for recovered, _, _ in client.connections] == [False, True]
        assert client.of("resync") == []


async def _all(crowds: Iterable[Crowd[Watcher]], condition: Callable[[Watcher], object]) -> None:
    for clients in crowds:
        await clients.until(lambda c=clients: all(map(condition, c.clients)))
