"""Publishes that fail, or may have failed: a `resync` follows once Redis answers again, and nothing comes twice."""

from collections import Counter
from collections.abc import Iterator

import anyio
import pytest

from runcast_core.bus.bus import Bus
from runcast_core.bus.redis import bus as redis_bus
from runcast_core.bus.redis import connections as redis_connections
from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.model.errors import BusUnavailable, InvalidInput
from runcast_core.model.events import RESYNC, Event, resync
from runcast_core.model.identifiers import new_id
from tests.parts.conditions import until
from tests.parts.redis.proxy import proxied
from tests.parts.redis.server import MortalRedis, own_redis


@pytest.fixture
def mortal() -> Iterator[MortalRedis]:
    with MortalRedis(own_redis()[1]) as mortal:
        yield mortal


def _event(task_id: str) -> Event:
    return Event("execution-log", task_id, b"{}")


async def _journal(bus: Bus, organization_id: str) -> Counter[tuple[str, str | None]]:
    """Return how often each event is in the journal, by name and execution."""
    entries = (await bus.read_journal(organization_id)).entries
    return Counter((entry.event.name, entry.event.task_id) for entry in entries)


async def _until_journal(bus: Bus, organization_id: str, *expected: tuple[str, str | None]) -> None:
    """Return once the journal holds these events and no other, each once; but a `resync` may have failed and come."""

    async def holds() -> Counter[tuple[str, str | None]] | None:
        found = await _journal(bus, organization_id)
        return found if found.keys() == set(expected) else None

    found = await until(holds)
    assert {name for (name, _), count in found.items() if count > 1} <= {RESYNC}


async def test_a_failed_publish_is_a_resync_when_redis_is_back(mortal: MortalRedis):
    """One for each execution, although some of these fail, too; subscribers see what to read again."""
    with anyio.fail_after(20):
        async with open_redis_bus(mortal.url) as bus, bus.subscription() as subscription:
            for task_id in ("1", "2", "1"):
                with pytest.raises(BusUnavailable):
                    await bus.publish("a", _event(task_id))
            with mortal.running():
                await _until_journal(bus, "a", (RESYNC, "1"), (RESYNC, "2"))
                await subscription.add("a")
                await bus.publish("a", _event("3"))
                [delivery] = await anext(aiter(subscription))
                assert delivery.event == _event("3")
                reasons = {entry.event for entry in (await bus.read_journal("a")).entries}
                assert reasons >= {resync("publish failed", "1"), resync("publish failed", "2")}
            assert len(bus.owed) == 0


async def test_a_failed_publish_is_told_before_whatever_follows(mortal: MortalRedis, monkeypatch: pytest.MonkeyPatch):
    """However long the next look for debts takes: who notes that a later state was published has noted both."""
    monkeypatch.setattr(redis_bus.RedisBus, "run", lambda _: anyio.sleep_forever())
    with anyio.fail_after(20):
        async with open_redis_bus(mortal.url) as bus:
            for task_id in ("1", "2"):
                with pytest.raises(BusUnavailable):
                    await bus.publish("a", _event(task_id))
            with mortal.running():
                await bus.publish("a", _event("1"))
                entries = (await bus.read_journal("a")).entries
                assert [(entry.event.name, entry.event.task_id) for entry in entries] == [
                    (RESYNC, "1"),
                    ("execution-log", "1"),
                ]
                assert [debt.task_id for debt in bus.owed.oldest(10)] == ["2"]


async def test_a_publish_without_an_answer_is_a_resync_and_no_second_event(
    mortal: MortalRedis, monkeypatch: pytest.MonkeyPatch
):
    """Redis took it and the reply got lost: the journal holds it once."""
    monkeypatch.setattr(redis_connections, "TIMEOUT_S", 0.3)
    with mortal.running(), anyio.fail_after(20):
        async with proxied(mortal.port) as proxy, open_redis_bus(proxy.url) as bus, open_redis_bus(mortal.url) as other:
            proxy.losing_replies = True
            with pytest.raises(BusUnavailable):
                await bus.publish("a", _event("1"))
            proxy.losing_replies = False
            await bus.publish("a", _event("2"))  # by which the script is known: before, the refusal of EVALSHA was lost
            proxy.losing_replies = True
            with pytest.raises(BusUnavailable):
                await bus.publish("a", _event("3"))
            proxy.losing_replies = False

            async def told() -> Counter[tuple[str, str | None]] | None:
                found = await _journal(other, "a")
                return found if {(RESYNC, "1"), (RESYNC, "3")} <= found.keys() else None

            found = await until(told)
    assert found["execution-log", "3"] == 1
    assert found[RESYNC, "2"] == 0


async def test_a_publish_that_was_cancelled_is_a_resync(mortal: MortalRedis):
    """Whoever gave up waiting does not know whether it was published."""
    with mortal.running(), anyio.fail_after(20):
        async with proxied(mortal.port) as proxy, open_redis_bus(proxy.url) as bus:
            await bus.publish("a", _event("1"))
            proxy.losing_replies = True
            with anyio.move_on_after(0.1):
                await bus.publish("a", _event("2"))
            proxy.losing_replies = False
            await _until_journal(bus, "a", ("execution-log", "1"), ("execution-log", "2"), (RESYNC, "2"))


async def test_the_last_attempt_is_made_at_the_end(mortal: MortalRedis, monkeypatch: pytest.MonkeyPatch):
    """A service that stops leaves no debt behind, if Redis answers."""
    monkeypatch.setattr(redis_bus, "FIRST_PAUSE_S", 60)
    monkeypatch.setattr(redis_bus, "LAST_PAUSE_S", 60)
    with anyio.fail_after(20):
        async with open_redis_bus(mortal.url) as bus:
            with pytest.raises(BusUnavailable):
                await bus.publish("a", _event("1"))
            await anyio.wait_all_tasks_blocked()
            mortal_again = mortal.running()
            mortal_again.__enter__()
        try:
            async with open_redis_bus(mortal.url) as later:
                assert (await _journal(later, "a")).keys() == {(RESYNC, "1")}
        finally:
            mortal_again.__exit__(None, None, None)


async def test_the_end_does_not_wait_for_a_dead_redis(mortal: MortalRedis, monkeypatch: pytest.MonkeyPatch):
    """It is bounded, also where connections hang."""
    monkeypatch.setattr(redis_bus, "CLOSE_S", 0.2)
    with mortal.running(), anyio.fail_after(5):
        async with proxied(mortal.port) as proxy, open_redis_bus(proxy.url) as bus:
            await bus.ping()
            proxy.losing_replies = True
            with anyio.move_on_after(0.1):
                await bus.publish("a", _event("1"))


async def test_what_never_can_be_published_is_no_debt(mortal: MortalRedis):
    """It was refused before Redis saw it."""
    async with open_redis_bus(mortal.url) as bus:
        with pytest.raises(InvalidInput):
            await bus.publish("no organization", _event("1"))
        assert len(bus.owed) == 0


async def test_more_calls_than_connections_wait(mortal: MortalRedis):
    """A burst fails nobody, though redis-py has a bound of connections and raises past it."""
    organization = new_id()
    with mortal.running(), anyio.fail_after(20):
        async with open_redis_bus(mortal.url) as bus:
            async with anyio.create_task_group() as tasks:
                for number in range(500):
                    tasks.start_soon(bus.publish, organization, _event(str(number)))
            assert len((await bus.read_journal(organization)).entries) == 500
