"""Clients that do not read while output floods: what is kept from them, what never is, and when they are cut off."""

import json
import re
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import orjson
import pytest
import redis
import socketio

from runcast_core.bus.bus import Bus
from runcast_core.model.events import EXECUTION_LOG, EXECUTION_UPDATED, Event
from runcast_core.model.identifiers import journal_key, new_id
from tests.e2e.counters import counted, until_gone
from tests.e2e.crowd import Client, crowd, official
from tests.e2e.raw_socket import PollingSession, raw_socket
from tests.parts.installation import Installation
from tests.parts.part import Part

LINE = "x" * 8000
KERNEL_BYTES = 400_000
"""The most that the kernel may hold for one socket: twice what the gateway asks for, and a last write."""


class Flood:
    """Publishes numbered events of an organization."""

    def __init__(self, bus: Bus, organization_id: str) -> None:
        self._bus = bus
        self._organization_id = organization_id
        self.offsets: list[str] = []

    async def publish(self, name: str, count: int, *, task_id: str = "t", size: int = 8000) -> None:
        for _ in range(count):
            body = orjson.dumps({"taskId": task_id, "n": len(self.offsets), "log": LINE[:size]})
            self.offsets.append(await self._bus.publish(self._organization_id, Event(name, task_id, body)))

    async def pour(self, rounds: int, reader: Client) -> None:
        """Publish output, 80 KB a round, with a state after each, as fast as somebody reads it."""
        for _ in range(rounds):
            await self.publish(EXECUTION_LOG, 10)
            await self.publish(EXECUTION_UPDATED, 1, size=10)
            await reader.until(lambda c: len(_seen(c)) == len(self.offsets))


def _numbers(events: list, name: str) -> list[int]:
    return [event[1]["n"] for event in events if event[0] == name]


def _seen(client: Client) -> list[int]:
    return [payload["n"] for payload in client.of(EXECUTION_LOG, EXECUTION_UPDATED)]


@pytest.mark.usefixtures("javascript_client")
@pytest.mark.parametrize("recover", [True, False], ids=["recover", "plain"])
async def test_output_is_kept_from_who_does_not_read_and_states_are_not(strict: Installation, redis_bus, recover: bool):
    """`resync` of the task before any later event, once more when output resumes, and all output from there on; the
    others of the organization see everything."""
    organization, url = new_id(), strict.gateways[0]
    flood, token = Flood(redis_bus, organization), strict.token(organization)
    async with official(url, token) as witness, raw_socket(url, receive_buffer=4096) as slow:
        await slow.connect(token, recover=recover)
        await slow.until("auth-success")
        before = await counted(url, "shed_sockets_total")
        await flood.pour(40, witness)
        assert await counted(url, "shed_sockets_total") == before + 1
        await slow.until("output resumed")
        first_after = len(flood.offsets)
        await flood.publish(EXECUTION_LOG, 5)
        await slow.until(f'"n":{first_after + 4}')
        await witness.until(lambda c: len(_seen(c)) == len(flood.offsets))
    assert _numbers(slow.events, EXECUTION_UPDATED) == list(range(10, 11 * 40, 11))
    got = _numbers(slow.events, EXECUTION_LOG)
    assert got[-5:] == list(range(first_after, first_after + 5))
    assert len(got) < 400
    _check_told(slow.events, before_each_offset=recover)
    assert _seen(witness) == list(range(first_after + 5))
    assert witness.of("resync", "disconnect") == []
    assert await counted(url, "slow_sockets_total") == 0


def _check_told(events: list, *, before_each_offset: bool) -> None:
    """Whatever follows output that was kept comes after a `resync` of its task; without offsets the first one is
    enough. The last one is when output resumes."""
    told, last, reasons = False, -1, []
    for name, payload, *_ in events:
        if name == "resync":
            told = payload["taskId"] == "t"
            reasons.append(payload["reason"])
        elif "n" in payload:
            assert told or payload["n"] == last + 1
            last, told = payload["n"], told and not before_each_offset
    assert reasons == ["too slow for output"] * (len(reasons) - 1) + ["output resumed"]


async def test_little_waits_for_those_who_do_not_read(strict: Installation, redis_bus):
    """In the kernel and in the gateway, however many they are; all the while others get everything."""
    organization, url = new_id(), strict.gateways[0]
    flood = Flood(redis_bus, organization)
    pid = strict.services["gateway-1"].process.pid
    async with AsyncExitStack() as stack, official(url, strict.token(organization)) as witness:
        slow = [await stack.enter_async_context(raw_socket(url, receive_buffer=4096)) for _ in range(50)]
        for client in slow:
            await client.connect(strict.token(organization))
            await client.until("auth-success")
        shed, memory = await counted(url, "shed_sockets_total"), _memory(pid)
        await flood.pour(60, witness)
        assert await counted(url, "shed_sockets_total") == shed + 50
        queued = _send_queues(httpx.URL(url).port or 0)
        assert 0 < max(queued.values()) < KERNEL_BYTES
        assert _memory(pid) - memory < 50 * 200_000 + 30_000_000


@pytest.mark.usefixtures("javascript_client")
@pytest.mark.parametrize("journal", [True, False], ids=["journal", "no-journal"])
@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_who_does_not_read_even_states_is_cut_off_and_comes_back(
    strict: Installation, redis_bus, redis_part: Part, transport: str, journal: bool
):
    """By itself, without a word of the page's: with everything it missed, or told that this cannot be."""
    organization, url = new_id(), strict.gateways[0]
    flood, token = Flood(redis_bus, organization), strict.token(organization)
    cut = await counted(url, "slow_sockets_total")
    async with (
        official(url, token) as witness,
        crowd(url, 1, auth={"token": token, "recover": True}, transports=[transport]) as clients,
    ):
        [client] = clients.clients
        await client.welcomed()
        await flood.publish(EXECUTION_UPDATED, 1)
        await client.until(lambda c: _seen(c) == [0])
        clients.pause()
        while await counted(url, "slow_sockets_total") == cut:
            await flood.publish(EXECUTION_UPDATED, 10)
            await witness.until(lambda c: len(_seen(c)) == len(flood.offsets))
        if not journal:
            with redis.Redis.from_url(redis_part.url) as server:
                server.delete(journal_key(organization))
        clients.resume()
        await client.welcomed(2)
        assert client.of("connect") == [False, journal]
        await flood.publish(EXECUTION_UPDATED, 1)
        await client.until(lambda c: _seen(c)[-1] == len(flood.offsets) - 1)
    if journal:
        assert _seen(client) == list(range(len(flood.offsets)))
    assert len(client.of("disconnect")) == 1
    assert witness.of("disconnect", "resync") == []
    assert await counted(url, "slow_sockets_total") == cut + 1


async def test_output_is_kept_from_who_does_not_poll(strict: Installation, redis_bus):
    """As from a WebSocket that does not read; and what waits for it is no more than the bound."""
    organization, url = new_id(), strict.gateways[0]
    flood, token = Flood(redis_bus, organization), strict.token(organization)
    shed = await counted(url, "shed_sockets_total")
    async with official(url, token) as witness, httpx.AsyncClient(timeout=20) as http:
        session = await PollingSession.opened(http, url)
        await session.post("40" + json.dumps({"token": token, "recover": True}))
        await session.until("auth-success")
        await flood.pour(20, witness)
        assert await counted(url, "shed_sockets_total") == shed + 1
        await session.until("output resumed")
        await flood.publish(EXECUTION_LOG, 1)
        await session.until(f'"n":{len(flood.offsets) - 1}')
    assert _numbers(session.events, EXECUTION_UPDATED) == list(range(10, 11 * 20, 11))
    assert sum(len(packet) for packet in session.received) < 200_000
    _check_told(session.events, before_each_offset=True)


async def test_what_emitters_send_is_bounded_too(strict: Installation, redis_part: Part):
    """A stock emitter's events take no lane; who does not read them is cut off at the same bound."""
    organization, url = new_id(), strict.gateways[0]
    cut = await counted(url, "slow_sockets_total")
    emitter = socketio.AsyncRedisManager(redis_part.url, write_only=True)
    async with raw_socket(url, receive_buffer=4096) as slow, raw_socket(url) as other:
        for client in (slow, other):
            await client.connect(strict.token(organization))
            await client.until("auth-success")
        for number in range(200):
            await emitter.emit("hello", {"n": number, "text": LINE}, room=f"org:{organization}")
            await other.until(f'"n":{number},')
        assert await counted(url, "slow_sockets_total") == cut + 1
        await until_gone(url, organization, left=1)
    await emitter.redis.aclose()


def _send_queues(port: int) -> dict[int, int]:
    """Return how many bytes the kernel holds for each peer of a port of this machine, by the peer's port."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    of_port = [parts for parts in lines if int(parts[1].split(":")[1], 16) == port]
    return {int(parts[2].split(":")[1], 16): int(parts[4].split(":")[0], 16) for parts in of_port}


def _memory(pid: int) -> int:
    """Return how much of the machine's memory a process takes."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024
