"""What is no ground for recovery: the client is told so, gets what is live, and can recover later."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import anyio
import anyio.lowlevel
import pytest
import websockets

from runcast_core.access.tokens import HmacTokens
from runcast_core.bus.redis.bus import RedisBus
from runcast_core.model.accounts import Role
from runcast_core.model.identifiers import journal_key, new_id
from tests.e2e.recovering import Publisher, Watcher, watcher
from tests.parts.balancer import Balancer, balanced
from tests.parts.installation import SECRET, Installation

WEIRD_PIDS = [None, 7, True, [], {}, "", ".", "x", "x" * 1000, "\x00", "\ud800", "a.b.c.d", "-.{o}.{u}.n"]
WEIRD_OFFSETS = [None, 7, False, [], {}, "", "-", "+", "0", "$", "0-0", "1-1", "01-0", "1-x", "\uff19-\uff10", "\ud800"]
WEIRD_OFFSETS += [
    "9999999999999-0",
    "9999999999999999-9999999999999999",
    "9" * 39 + "-0",
    "{offset}0",
    "({offset}",
    "{offset}\n",
]


def _token(organization_id: str, user_id: str) -> str:
    return HmacTokens(SECRET).issue(user_id, organization_id, Role.VIEWER)


@asynccontextmanager
async def _greeted(url: str, auth: dict) -> AsyncIterator[tuple[dict, list]]:
    """A WebSocket by hand: what CONNECT and `auth-success` said."""
    target = url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
    async with websockets.connect(target) as connection:
        await connection.recv()
        await connection.send("40" + json.dumps(auth))
        with anyio.fail_after(10):
            connect, success = str(await connection.recv()), str(await connection.recv())
        assert (connect[:2], success[:2]) == ("40", "42")
        yield json.loads(connect[2:]), json.loads(success[2:])


async def test_what_no_gateway_gave_is_worth_nothing(installation: Installation, redis_bus: RedisBus):
    """Pids and offsets of every kind, each with a good one of the other; no error is logged."""
    organization, user = new_id(), new_id()
    url = installation.gateways[0]
    auth = {"token": _token(organization, user), "recover": True}
    await Publisher(redis_bus, organization).publish(3)
    async with _greeted(url, auth) as (hello, success):
        pid, offset = hello["pid"], success[2]
    async with _greeted(url, {**auth, "pid": pid, "offset": offset}) as (hello, success):
        assert (hello["pid"], success[2]) == (pid, offset)
    epoch, _, rest = pid.partition(".")
    invented = [(_filled(p, o=organization, u=user), offset) for p in WEIRD_PIDS]
    invented += [(pid, _filled(o, offset=offset)) for o in WEIRD_OFFSETS]
    invented += [
        (f"{epoch[::-1]}.{rest}", offset),
        (f"{epoch.upper()}.{rest}x ", offset),
        (pid.rpartition(".")[0], offset),
    ]
    for bad_pid, bad_offset in invented:
        async with _greeted(url, {**auth, "pid": bad_pid, "offset": bad_offset}) as (hello, success):
            assert hello["pid"] not in (pid, bad_pid), (bad_pid, bad_offset)
            assert success[2] == offset
    async with _greeted(url, {**auth, "recover": "true", "pid": pid, "offset": offset}) as (hello, success):
        assert set(hello) == {"sid"}
        assert len(success) == 2
    assert "Traceback" not in installation.log_of("gateway-1")


def _filled(value: object, **values: str) -> object:
    """Put what is real into a text."""
    return value.format(**values) if isinstance(value, str) and "{" in value else value


async def test_a_pid_is_its_users_in_its_organization(installation: Installation, redis_bus: RedisBus):
    """With a good token of another organization, or of another user, and the right offset, it recovers nothing."""
    ours, theirs, user = new_id(), new_id(), new_id()
    url = installation.gateways[0]
    for organization in (ours, theirs):
        await Publisher(redis_bus, organization).publish(3)
    async with _greeted(url, {"token": _token(ours, user), "recover": True}) as (hello, success):
        known = {"pid": hello["pid"], "offset": success[2]}
    for organization, other in ((theirs, user), (ours, new_id()), (theirs, new_id())):
        auth = {"token": _token(organization, other), "recover": True, **known}
        async with _greeted(url, auth) as (hello, success):
            assert hello["pid"].split(".")[1:3] == [organization, other]
            assert success[1]["organizationId"] == organization


class Known:
    """A client that has had thirty events, behind a balancer before both gateways."""

    def __init__(self, balancer: Balancer, client: Watcher, publisher: Publisher, organization_id: str) -> None:
        self.balancer = balancer
        self.client = client
        self.publisher = publisher
        self.organization_id = organization_id

    async def come_back(self, meanwhile: Callable[[], Awaitable[object]]) -> bool:
        """Return whether it was recovered after what happened while it was away."""
        times = len(self.client.connections)
        targets, self.balancer.targets = self.balancer.targets, []
        self.balancer.cut()
        await self.client.until(lambda c: len(c.of("disconnect")) == times)
        await meanwhile()
        self.balancer.targets = targets
        await self.client.connected(times + 1)
        return self.client.recovered


@asynccontextmanager
async def _known(installation: Installation, bus: RedisBus) -> AsyncIterator[Known]:
    organization = new_id()
    publisher = Publisher(bus, organization)
    async with (
        balanced(*installation.gateways) as balancer,
        watcher(balancer.url, installation.token(organization)) as client,
    ):
        await publisher.publish(30)
        await client.until(lambda c: len(c.numbers) == 30)
        yield Known(balancer, client, publisher, organization)


@pytest.mark.usefixtures("javascript_client")
@pytest.mark.parametrize("lost", ["trimmed", "trimmed exactly", "flushed"])
async def test_a_journal_that_lost_a_part_recovers_nobody(installation: Installation, redis_bus: RedisBus, lost: str):
    """The client sees `recovered: false` once; with what it got then it recovers, also before any other event."""
    async with _known(installation, redis_bus) as known:
        client, key = known.client, journal_key(known.organization_id)

        async def lose() -> None:
            await known.publisher.publish(5)
            if lost == "flushed":
                await redis_bus.servers.execute("", "DEL", key)
            else:
                await redis_bus.servers.execute("", "XTRIM", key, "MAXLEN", "5" if lost == "trimmed exactly" else "3")

        assert not await known.come_back(lose)
        if lost == "flushed":
            tail = await redis_bus.journal_tail(known.organization_id)
            await client.until(lambda c: c.offset == tail.offset)
        assert await known.come_back(anyio.lowlevel.checkpoint)
        assert await known.come_back(partial(known.publisher.publish, 3))
        await client.until(lambda c: c.numbers[-3:] == [35, 36, 37])
        assert client.numbers == [*range(30), 35, 36, 37]
        pids = [pid for _, pid, _ in client.connections]
        assert pids[0] != pids[1]
        assert len(set(pids[1:])) == 1


@pytest.mark.usefixtures("javascript_client")
async def test_two_clients_with_one_pid_do_not_disturb_each_other(installation: Installation, redis_bus: RedisBus):
    """As in a tab that was duplicated: each goes on from its own offset, on either gateway, at the same time."""
    async with _known(installation, redis_bus) as known:
        first, publisher = known.client, known.publisher
        user = first.pid.split(".")[2]
        offset = first.of("execution-log")[9][1]
        async with watcher(installation.gateways[1], _token(known.organization_id, user)) as second:
            await second.call("adopt", first.pid, offset)
            await second.call("disconnect")
            await second.call("connect")
            await second.connected(2)
            assert second.recovered
            assert second.pid == first.pid
            await second.until(lambda c: len(c.numbers) == 20)
            assert await known.come_back(partial(publisher.publish, 3))
            for client in (first, second):
                await client.until(lambda c: c.numbers[-1:] == [32])
            await publisher.publish(3)
            for client in (first, second):
                await client.until(lambda c: c.numbers[-1:] == [35])
        assert first.numbers == list(range(36))
        assert second.numbers == list(range(10, 36))
