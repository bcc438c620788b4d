"""Journals: pages and tails with the epoch of what they hold, over the memory bus and Redis; then Redis's own."""

from collections.abc import Iterator
from contextlib import ExitStack

import anyio
import pytest

from runcast_core.bus.bus import Bus
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.bus.redis.bus import RedisBus, open_redis_bus
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.events import Event, mark
from runcast_core.model.identifiers import journal_key, new_id
from tests.parts.buses import command
from tests.parts.conditions import until
from tests.parts.redis.proxy import proxied
from tests.parts.redis.server import MortalRedis, own_redis


def _event(number: int) -> Event:
    return Event("execution-log", f"task-{number}", b'{"n":%d}' % number)


async def _published(bus: Bus, organization_id: str, count: int) -> list[str]:
    return [await bus.publish(organization_id, _event(number)) for number in range(count)]


async def _forget(bus: Bus, organization_id: str, count: int) -> None:
    """Drop the oldest entries, as a bound or a flush does."""
    if isinstance(bus, MemoryBus):
        bus.forget(organization_id, count)
        return
    assert isinstance(bus, RedisBus)
    kept = len((await bus.read_journal(organization_id)).entries) - count
    key = journal_key(organization_id)
    await bus.servers.execute(key, "XTRIM", key, "MAXLEN", kept)


async def test_a_journal_is_read_page_by_page(bus: Bus):
    """Each page begins with the offset asked for and names the same epoch."""
    organization = new_id()
    offsets = await _published(bus, organization, 10)
    first = await bus.read_journal(organization, count=4)
    second = await bus.read_journal(organization, start=first.entries[-1].offset, count=100)
    assert [d.offset for d in (*first.entries, *second.entries[1:])] == offsets
    assert first.epoch == second.epoch != ""
    assert second.entries[0] == first.entries[-1]


async def test_the_tail_is_the_last_offset(bus: Bus):
    """It is of the same epoch as the pages, and asking changes nothing."""
    organization = new_id()
    offsets = await _published(bus, organization, 3)
    for _ in range(2):
        tail = await bus.journal_tail(organization)
        page = await bus.read_journal(organization)
        assert (tail.epoch, tail.offset) == (page.epoch, offsets[-1])
        assert len(page.entries) == 3


async def test_an_empty_journal_is_given_a_mark(bus: Bus):
    """It is an entry like any, subscribers see it, and it is written once."""
    organization = new_id()
    async with bus.subscription() as subscription:
        with anyio.fail_after(5):
            await subscription.add(organization)
            tail = await bus.journal_tail(organization)
            assert await bus.journal_tail(organization) == tail
            [entry] = (await bus.read_journal(organization)).entries
            assert (entry.offset, entry.event) == (tail.offset, mark())
            assert await anext(aiter(subscription)) == [entry]


async def test_a_page_of_a_journal_that_was_flushed_is_empty(bus: Bus):
    """And its tail is another offset than the one before, so that nothing seems to follow it."""
    organization = new_id()
    [offset] = await _published(bus, organization, 1)
    await _forget(bus, organization, 1)
    assert (await bus.read_journal(organization, start=offset)).entries == []
    assert (await bus.journal_tail(organization)).offset != offset


async def test_a_page_from_a_trimmed_offset_begins_with_another(bus: Bus):
    """Which is how a reader sees that something is missing."""
    organization = new_id()
    offsets = await _published(bus, organization, 5)
    await _forget(bus, organization, 2)
    page = await bus.read_journal(organization, start=offsets[1])
    assert [d.offset for d in page.entries] == offsets[2:]


async def test_the_journal_is_bounded_and_expires(redis_bus: RedisBus, monkeypatch):
    """Not more than the bound of entries is kept, and the key has a time to live; so has a mark's."""
    monkeypatch.setattr("runcast_core.bus.redis.journal.JOURNAL_ENTRIES", 10)
    organization, quiet = new_id(), new_id()
    await _published(redis_bus, organization, 25)
    kept = (await redis_bus.read_journal(organization)).entries
    assert [d.event for d in kept] == [_event(n) for n in range(15, 25)]
    await redis_bus.journal_tail(quiet)
    for key in map(journal_key, (organization, quiet)):
        assert 3590 < await command(redis_bus, "TTL", key) <= 3600


async def test_the_journal_is_bounded_in_bytes(redis_bus: RedisBus, monkeypatch):
    """A journal over its bytes loses its oldest quarter."""
    monkeypatch.setattr("runcast_core.bus.redis.journal.JOURNAL_BYTES", 50_000)
    organization = new_id()
    for _ in range(100):
        await redis_bus.publish(organization, Event("execution-log", "t", b'"' + b"x" * 2000 + b'"'))
    assert 5 < len((await redis_bus.read_journal(organization)).entries) < 40


async def test_journals_that_are_held_are_kept(redis_bus: RedisBus):
    """Their time begins again, however many they are; nothing comes to be where no journal is."""
    held, absent = [new_id() for _ in range(7)], new_id()
    for organization in held:
        await redis_bus.journal_tail(organization)
        await command(redis_bus, "EXPIRE", journal_key(organization), 5)
    await redis_bus.keep_journals([*held, absent])
    for organization in held:
        assert await command(redis_bus, "TTL", journal_key(organization)) > 3590
    assert (await redis_bus.read_journal(absent)).entries == []


@pytest.fixture
def pair() -> Iterator[tuple[MortalRedis, MortalRedis, ExitStack]]:
    """Two servers that run; the first one's life is the stack's."""
    binary = own_redis()[1]
    with MortalRedis(binary) as first, MortalRedis(binary) as second, second.running(), ExitStack() as life:
        life.enter_context(first.running())
        yield first, second, life


async def test_a_fail_over_changes_the_epoch(pair: tuple[MortalRedis, MortalRedis, ExitStack]):
    """What a replica has when it takes over is no longer the history that the offsets were of, alike as they look."""
    first, second, life = pair
    organization = new_id()
    with anyio.fail_after(20):
        async with open_redis_bus(first.url) as old, open_redis_bus(second.url) as new:
            await command(new, "REPLICAOF", "127.0.0.1", first.port)
            await _published(old, organization, 3)
            before = await old.read_journal(organization)

            async def copied() -> bool:
                return await command(new, "XLEN", journal_key(organization)) >= 3

            await until(copied)
            life.close()
            await command(new, "REPLICAOF", "NO", "ONE")
            after = await new.read_journal(organization)
            assert after.entries == before.entries
            assert after.epoch != before.epoch
            assert (await new.journal_tail(organization)).epoch == after.epoch


async def test_a_name_that_leads_to_another_master_is_followed(pair: tuple[MortalRedis, MortalRedis, ExitStack]):
    """As a load balancer's or an operator's does, while connections to the old master go on: one call fails."""
    first, second, _ = pair
    async with proxied(first.port) as proxy, open_redis_bus(proxy.url) as bus:
        for _ in range(2):
            await bus.publish("org", _event(1))
        await command(bus, "REPLICAOF", "127.0.0.1", second.port)
        proxy.target_port = second.port
        with pytest.raises(BusUnavailable):
            await bus.publish("org", _event(2))
        await bus.publish("org", _event(3))


async def test_a_replica_is_not_asked(pair: tuple[MortalRedis, MortalRedis, ExitStack]):
    """It may lag behind, so what it says of a journal counts for nothing."""
    first, second, _ = pair
    with anyio.fail_after(20):
        async with open_redis_bus(second.url) as bus:
            await command(bus, "REPLICAOF", "127.0.0.1", first.port)
            for verb in (bus.read_journal("org"), bus.journal_tail("org"), bus.publish("org", _event(1))):
                with pytest.raises(BusUnavailable):
                    await verb
