"""The contract of revocations and presence over the memory bus and the real one; then what is Redis's own."""

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
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
from tests.parts.redis.server import MortalRedis, own_redis
from tests.parts.redis.told import note_told

KEEP_S = 3600


@pytest.fixture(params=["memory", "redis"])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    if request.param == "memory":
        yield MemoryBus()
        return
    part: Part = request.getfixturevalue("redis_part")
    async with open_redis_bus(part.url) as bus:
        yield bus


Forget = Callable[[], Awaitable[Any]]


@pytest.fixture
async def redis_empty() -> AsyncIterator[RedisBus]:
    """On a server of its own."""
    with MortalRedis(own_redis()[1]) as mortal, mortal.running():
        async with open_redis_bus(mortal.url) as bus:
            yield bus


@pytest.fixture(params=["memory", "redis"])
def empty(request: pytest.FixtureRequest) -> tuple[Bus, Forget]:
    """A bus that was told nothing, and what makes it so again."""
    if request.param == "memory":
        memory = MemoryBus()
        memory.lose_memory()

        async def lose() -> None:
            memory.lose_memory()

        return memory, lose
    redis: RedisBus = request.getfixturevalue("redis_empty")
    return redis, partial(redis.servers.execute, "", "FLUSHALL")


@pytest.mark.parametrize("user_id", ["", "session:s_1", "u", "auth0|5f", "https://id.example/7 {x}", "\u00fc\u0000"])
async def test_a_revocation_is_remembered_and_signalled(bus: Bus, user_id: str):
    """A listener is told who; by then the time can be read, in the user's organization alone."""
    organization, other, at = new_id(), new_id(), now_ms()
    with anyio.fail_after(5):
        async with bus.signals() as signals:
            await bus.revoke(organization, user_id, at, KEEP_S)
            async for signal in signals:
                if signal.organization_id == organization:
                    break
    assert signal == Signal(SignalKind.REVOKE, organization, subject=user_id)
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


async def test_only_what_is_news_is_signalled(bus: Bus):
    """What was told before, or is earlier, wakes nobody; a removal that is told again is kept for longer by it."""
    organization, now = new_id(), now_ms()
    told = [("u", now), ("u", now), ("u", now - 5), ("gone", REMOVED), ("gone", REMOVED), ("u", now + 1)]
    with anyio.fail_after(5):
        async with bus.signals() as signals:
            for subject, at in told:
                await bus.revoke(organization, subject, at, KEEP_S)
            await bus.revoke(organization, "last", now, KEEP_S)
            heard: list[str] = []
            async for signal in signals:
                heard += [signal.subject] if signal.organization_id == organization else []
                if "last" in heard:
                    break
    assert heard == ["u", "gone", "u", "last"]


async def test_a_memory_that_was_lost_is_none_until_everything_was_told(empty: tuple[Bus, Forget]):
    """Until then nobody can say what was revoked. Who began earlier, or before it was lost again, has told nothing."""
    bus, forget = empty
    assert await bus.told_ago_ms() is None
    with pytest.raises(BusUnavailable):
        await bus.revocations("a")
    first, second = await bus.begin_telling(), await bus.begin_telling()
    await bus.revoke("a", "u", 1000, KEEP_S)
    assert not await bus.end_telling(first)
    with pytest.raises(BusUnavailable):
        await bus.revocations("a")
    assert await bus.end_telling(second)
    assert not await bus.end_telling(second)
    assert await bus.revocations("a") == {"u": 1000}
    assert 0 <= (await bus.told_ago_ms() or 0) < 10_000
    again = await bus.begin_telling()
    assert await bus.revocations("a") == {"u": 1000}
    await forget()
    assert not await bus.end_telling(again)
    assert await bus.told_ago_ms() is None
    with pytest.raises(BusUnavailable):
        await bus.revocations("a")


async def test_a_memory_that_is_lost_while_it_is_read_was_not_read(redis_empty: RedisBus, monkeypatch):
    """Though it was told everything again before the second look."""
    bus, run = redis_empty, redis_empty._scripts.run
    await note_told(bus)
    await bus.revoke("a", "u", 1000, KEEP_S)

    async def losing(script: Script, key: str, *arguments: Any) -> Any:
        if key == revoked_key("a"):
            monkeypatch.undo()
            await bus.servers.execute("", "FLUSHALL")
            found = await run(script, key, *arguments)
            await note_told(bus)
            return found
        return await run(script, key, *arguments)

    monkeypatch.setattr(bus._scripts, "run", losing)
    with pytest.raises(BusUnavailable):
        await bus.revocations("a")


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
                bus.told_ago_ms(),
                bus.begin_telling(),
                bus.end_telling("x"),
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
