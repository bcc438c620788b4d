"""The contract of API keys on the bus, over the memory bus and the real one; then what is Redis's own."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from runcast_core.bus.bus import Bus
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.bus.redis import api_keys
from runcast_core.bus.redis.bus import RedisBus, open_redis_bus
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import ApiKey, CredentialKind, id_of, new_secret, secret_hash
from runcast_core.model.errors import BusUnavailable, InvalidInput
from runcast_core.model.identifiers import TOLD_KEY, known_key_key
from runcast_core.model.scopes import Scope
from tests.parts.buses import command
from tests.parts.conditions import until
from tests.parts.part import Part
from tests.parts.redis.told import note_told


@pytest.fixture(params=["memory", "redis", "redis-cluster"])
async def bus(request: pytest.FixtureRequest) -> AsyncIterator[Bus]:
    if request.param == "memory":
        yield MemoryBus()
        return
    part: Part = request.getfixturevalue(f"{request.param.replace('-', '_')}_part")
    async with open_redis_bus(part.url) as bus:
        await note_told(bus)
        yield bus


def made(**fields: object) -> tuple[str, ApiKey]:
    hashed = secret_hash(new_secret(CredentialKind.API_KEY))
    return hashed, replace(ApiKey(id_of(hashed), "org", Role.DEVELOPER, now_ms()), **fields)


@pytest.mark.parametrize("expires_in_ms", [None, 3_600_000])
async def test_a_key_is_known_by_the_hash_of_its_secret(bus: Bus, expires_in_ms: int | None):
    """However often it was told; by no other hash, also none that begins alike. Its scope is not a gateway's."""
    expires_at = expires_in_ms and now_ms() + expires_in_ms
    hashed, key = made(expires_at=expires_at, role=Role.VIEWER, scope=Scope(("gpu",), ("alpine",)))
    assert await bus.known_key(hashed) is None
    for _ in range(2):
        await bus.tell_key(hashed, key)
    assert await bus.known_key(hashed) == replace(key, scope=Scope())
    for other in (hashed[:24] + "0" * 40, made()[0], hashed[:-1]):
        assert await bus.known_key(other) is None


async def test_a_key_that_expired_is_not_known(bus: Bus):
    """Nor one that had when it was told."""
    soon, key = made(expires_at=now_ms() + 200)
    late, expired = made(expires_at=now_ms() - 1)
    await bus.tell_key(soon, key)
    await bus.tell_key(late, expired)

    async def over() -> bool:
        return await bus.known_key(soon) is None

    await until(over)
    assert now_ms() >= key.expires_at
    assert await bus.known_key(late) is None


async def test_a_key_that_was_forgotten_stays_so(bus: Bus):
    """Whoever read it before tells it in vain; also of one that was not told yet."""
    (told, key), (untold, other), (kept, third) = made(), made(), made()
    await bus.tell_key(told, key)
    await bus.tell_key(kept, third)
    for each in (key, other):
        await bus.forget_key(each.credential_id)
    for hashed, each in ((told, key), (untold, other)):
        await bus.tell_key(hashed, each)
        assert await bus.known_key(hashed) is None
    assert await bus.known_key(kept) == third


async def test_a_memory_bus_that_lost_its_memory_cannot_say():
    """Of a key that is told again it can, before everything is."""
    bus = MemoryBus()
    (hashed, key), (other, _) = made(), made()
    await bus.tell_key(hashed, key)
    bus.lose_memory()
    for each in (hashed, other):
        with pytest.raises(BusUnavailable):
            await bus.known_key(each)
    await bus.tell_key(hashed, key)
    assert await bus.known_key(hashed) == key
    with pytest.raises(BusUnavailable):
        await bus.known_key(other)
    await note_told(bus)
    assert await bus.known_key(other) is None


async def test_a_bus_that_does_not_answer_says_nothing():
    """Each verb says so."""
    bus = MemoryBus()
    hashed, key = made()
    bus.down = True
    for verb in (bus.tell_key(hashed, key), bus.forget_key(key.credential_id), bus.known_key(hashed)):
        with pytest.raises(BusUnavailable):
            await verb


async def test_a_flushed_redis_cannot_say(redis_bus: RedisBus):
    """Until everything was told; what is told before is known, and what was forgotten, too."""
    (hashed, key), (other, gone), (third, _) = made(), made(), made()
    await note_told(redis_bus)
    await redis_bus.tell_key(hashed, key)
    await command(redis_bus, "FLUSHALL")
    with pytest.raises(BusUnavailable):
        await redis_bus.known_key(hashed)
    await redis_bus.tell_key(hashed, key)
    await redis_bus.forget_key(gone.credential_id)
    assert await redis_bus.known_key(hashed) == key
    assert await redis_bus.known_key(other) is None
    with pytest.raises(BusUnavailable):
        await redis_bus.known_key(third)
    await note_told(redis_bus)
    assert await redis_bus.known_key(third) is None


@pytest.mark.parametrize("flushed", [True, False])
async def test_what_is_lost_in_the_middle_of_a_look_is_noticed(redis_bus: RedisBus, monkeypatch, flushed: bool):
    """Also if somebody told everything again just then: what was read was read from an empty memory."""
    hashed, key = made()
    await note_told(redis_bus)
    await redis_bus.tell_key(hashed, key)
    read, looks = redis_bus._telling_name, []

    async def interrupted() -> bytes | None:
        looks.append(1)
        if len(looks) == 1:
            found = await read()
            await command(redis_bus, "FLUSHALL")
            return found
        if flushed:
            await note_told(redis_bus)
        return await read()

    monkeypatch.setattr(redis_bus, "_telling_name", interrupted)
    with pytest.raises(BusUnavailable):
        await redis_bus.known_key(hashed)


async def test_what_is_kept_in_redis(redis_bus: RedisBus):
    """Neither the secret nor the scope; it ends with the key, and so does the note that it was forgotten."""
    hashed, key = made(expires_at=now_ms() + 60_000, scope=Scope(("gpu",)))
    lasting, other = made()
    name = known_key_key(key.credential_id)
    await redis_bus.tell_key(hashed, key)
    await redis_bus.tell_key(lasting, other)
    assert b"gpu" not in await command(redis_bus, "GET", name)
    assert 50 < await command(redis_bus, "TTL", name) <= 60
    assert await command(redis_bus, "TTL", known_key_key(other.credential_id)) == -1
    await redis_bus.forget_key(key.credential_id)
    assert await command(redis_bus, "GET", name) == b""
    assert api_keys.FORGOTTEN_S - 10 < await command(redis_bus, "TTL", name) <= api_keys.FORGOTTEN_S


@pytest.mark.parametrize("junk", ["no json", "[]", "{}", '{"secretHash": 7}', '{"role": "owner"}'])
async def test_what_nobody_here_wrote_is_no_key(redis_bus: RedisBus, junk: str):
    """It is refused, and raises nothing."""
    hashed, key = made()
    await command(redis_bus, "SET", known_key_key(key.credential_id), junk)
    assert await redis_bus.known_key(hashed) is None


@pytest.mark.parametrize("credential_id", ["", "a}", "A" * 24, "a" * 23, "a" * 25, "{x}"])
def test_only_an_id_becomes_a_name(credential_id: str):
    """What is no id is refused; the marker has another name."""
    with pytest.raises(InvalidInput):
        known_key_key(credential_id)
    assert known_key_key("a" * 24) != TOLD_KEY
