"""The contract of revocations and presence over the memory bus and the real one; then what is Redis's own."""

from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest

from runcast_core.bus import presence, revocations
from runcast_core.bus.bus import Bus, Signal, SignalKind
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.bus.presence import Present
from runcast_core.bus.redis.bus import RedisBus, open_redis_bus
from runcast_core.bus.redis.scripts import Script
from runcast_core.bus.redis.signals import decode_signal, encode_signal
from runcast_core.bus.revocations import REMOVED
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import BusUnavailable, InvalidInput
from runcast_core.model.identifiers import new_id, presence_key, revoked_key
from tests.parts.conditions import until
from tests.parts.part import Part

KEEP_S = 3600


@pytest.fixture(params=["memory", "redis"])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    if request.param == "memory":
        yield MemoryBus()
        return
    part: Part = request.getfixturevalue("redis_part")
    async with open_redis_bus(part.url) as bus:
        yield bus


@pytest.mark.parametrize("user_id", ["u", "auth0|5f", "https://id.example/7 {x}", "\u00fc\u0000"])
async def test_a_revocation_is_remembered_and_signalled(bus: Bus, user_id: str):
    """A listener is told who; by then the time can be read, in the user's organization alone."""
    organization, other, at = new_id(), new_id(), now_ms()
    with anyio.fail_after(5):
        async with bus.signals() as signals:
            await bus.revoke(organization, user_id, at, KEEP_S)
            async for signal in signals:
                if signal.organization_id == organization:
                    break
    assert signal == Signal(SignalKind.REVOKE, organization, user_id=user_id)
    assert await bus.revocations(organization) == {user_id: at}
    assert await bus.revocations(other) == {}


async def test_the_latest_revocation_of_a_user_holds(bus: Bus):
    """In whatever order, and however often, they come; others' stay as they are."""
    organization, now = new_id(), now_ms()
    for user_id, at in (("u", now - 5), ("u", now), ("u", now), ("v", now - 7), ("u", now - 9)):
        await bus.revoke(organization, user_id, at, KEEP_S)
    assert await bus.revocations(organization) == {"u": now, "v": now - 7}


async def test_a_removed_user_is_remembered_for_as_long_as_a_token_can_live(bus: Bus):
    """`REMOVED` becomes a time that no token of today outlives, and that can be forgotten one day."""
    organization, before = new_id(), now_ms()
    await bus.revoke(organization, "u", REMOVED, KEEP_S)
    at = (await bus.revocations(organization))["u"]
    assert before - 1000 <= at - KEEP_S * 1000 <= now_ms() + 1000


async def test_revocations_are_bounded_and_the_oldest_go(bus: Bus, monkeypatch: pytest.MonkeyPatch):
    """The newest is always remembered."""
    monkeypatch.setattr(revocations, "MAX_REVOCATIONS", 10)
    organization, now = new_id(), now_ms()
    for number in range(25):
        await bus.revoke(organization, f"u{number}", now + number, KEEP_S)
        assert (await bus.revocations(organization))[f"u{number}"] == now + number
    kept = await bus.revocations(organization)
    assert 9 <= len(kept) <= 10
    assert set(kept) == {f"u{number}" for number in range(25 - len(kept), 25)}


async def test_presence_is_the_sum_of_what_gateways_told_last(bus: Bus):
    """Each replaces only its own, and only of the organizations that it names."""
    a, b = new_id(), new_id()
    assert await bus.presence(a) == Present({}, 0)
    await bus.note_presence("g1", {a: {"u": 9, "w": 1}})
    await bus.note_presence("g1", {a: {"u": 1, "auth0|\u00fc": 2}, b: {"u": 7}})
    await bus.note_presence("g2", {a: {"u": 3}})
    found = await bus.presence(a)
    assert found == Present({"u": 4, "auth0|\u00fc": 2}, 2)
    assert found.sockets == 6
    await bus.note_presence("g1", {a: {}})
    assert await bus.presence(a) == Present({"u": 3}, 1)
    assert await bus.presence(b) == Present({"u": 7}, 1)
    await bus.note_presence("g2", {a: {}, b: {}})
    assert await bus.presence(a) == Present({}, 0)


async def test_a_gateway_that_tells_nothing_more_counts_no_more(bus: Bus, monkeypatch: pytest.MonkeyPatch):
    """One that goes on telling does, and what the other told is not kept."""
    organization = new_id()
    await bus.note_presence("dead", {organization: {"u": 1}})
    monkeypatch.setattr(presence, "STALE_MS", 100)

    async def alone() -> bool:
        await bus.note_presence("alive", {organization: {"v": 1}})
        return (await bus.presence(organization)).users == {"v": 1}

    await until(alone)
    monkeypatch.setattr(presence, "STALE_MS", 15_000)
    assert await bus.presence(organization) == Present({"v": 1}, 1)


@pytest.mark.parametrize("organization_id", ["", "a}b", "a{b", "a/b", "x" * 65])
async def test_an_organization_id_cannot_break_out_of_its_keys(bus: Bus, organization_id: str):
    """Whatever is not an organization id is refused before Redis sees it."""
    for verb in (
        bus.revoke(organization_id, "u", 1, KEEP_S),
        bus.revocations(organization_id),
        bus.note_presence("g", {organization_id: {"u": 1}}),
        bus.presence(organization_id),
    ):
        with pytest.raises(InvalidInput):
            await verb


async def test_without_an_answer_every_verb_is_unavailable():
    """Of the real bus and of the fake."""
    memory = MemoryBus()
    memory.down = True
    async with open_redis_bus("redis://:secret@127.0.0.1:1/0") as redis:
        for bus in (memory, redis):
            for verb in (
                bus.revoke("org", "u", 1, KEEP_S),
                bus.revocations("org"),
                bus.note_presence("g", {"org": {"u": 1}}),
                bus.presence("org"),
            ):
                with pytest.raises(BusUnavailable):
                    await verb


async def _asked(bus: RedisBus, command: str, key: str, *arguments: str) -> Any:
    return await bus._scripts.run(Script(f"return redis.call('{command}', KEYS[1], unpack(ARGV))"), key, *arguments)


async def test_keys_expire(redis_bus: RedisBus):
    """Revocations after the longest lifetime, which a shorter one later does not cut; presence when all are stale."""
    organization = new_id()
    await redis_bus.note_presence("g1", {organization: {"u": 1}})
    for keep_s in (KEEP_S, 60):
        await redis_bus.revoke(organization, "u", now_ms(), keep_s)
    assert KEEP_S - 10 < await _asked(redis_bus, "TTL", revoked_key(organization)) <= KEEP_S
    assert 10 < await _asked(redis_bus, "TTL", presence_key(organization)) <= 15


async def test_what_no_token_needs_goes_before_the_bound_bites(redis_bus: RedisBus, monkeypatch: pytest.MonkeyPatch):
    """Beyond the bound, first the revocations that are older than any token."""
    monkeypatch.setattr(revocations, "MAX_REVOCATIONS", 5)
    organization, now = new_id(), now_ms()
    old = now - (KEEP_S + 10) * 1000
    needed = {f"u{number}": now + number for number in range(5)}
    for user_id, at in {"old": old, **needed}.items():
        await redis_bus.revoke(organization, user_id, at, KEEP_S)
    assert await redis_bus.revocations(organization) == needed


async def test_presence_of_many_organizations_is_told_in_batches(redis_bus: RedisBus, monkeypatch: pytest.MonkeyPatch):
    """Each of them is there."""
    monkeypatch.setattr("runcast_core.bus.redis.scripts.BATCH", 3)
    organizations = [new_id() for _ in range(8)]
    await redis_bus.note_presence("g", {organization: {"u": 1} for organization in organizations})
    for organization in organizations:
        assert await redis_bus.presence(organization) == Present({"u": 1}, 1)


async def test_an_entry_that_nobody_here_wrote_is_dropped(redis_bus: RedisBus):
    """Presence goes on being told."""
    organization = new_id()
    await _asked(redis_bus, "HSET", presence_key(organization), "junk", "{}")
    await redis_bus.note_presence("g", {organization: {"u": 1}})
    assert await _asked(redis_bus, "HKEYS", presence_key(organization)) == [b"g"]


def test_signals_of_older_versions_are_understood():
    """They name no user; kinds that are not known, and what is no signal, are none."""
    assert decode_signal(b'{"kind":"wake","organizationId":"o","taskId":""}') == Signal(SignalKind.WAKE, "o")
    assert b"userId" not in encode_signal(Signal(SignalKind.WAKE, "o"))
    for junk in (b"no json", b"[]", b'{"kind":"wake"}', b'{"kind":"dance","organizationId":"","taskId":""}'):
        assert decode_signal(junk) is None
