"""What was read from Redis and not taken yet."""

import anyio
import pytest

from runcast_core.bus.redis import inbox as redis_inbox
from runcast_core.bus.redis.inbox import Channel, Inbox, Message

CHANNEL = Channel(b"runcast:{a}:events", "a")


@pytest.mark.parametrize(("bound", "value"), [("MAX_MESSAGES", 3), ("MAX_BYTES", 300)])
async def test_whoever_reads_waits_for_room(monkeypatch: pytest.MonkeyPatch, bound: str, value: int):
    """Neither more messages nor more bytes than the bounds are held; taking makes room for all who wait."""
    monkeypatch.setattr(redis_inbox, bound, value)
    inbox, passed = Inbox(), []

    async def read(name: str) -> None:
        await inbox.room()
        passed.append(name)

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            assert not inbox.full
            inbox.put(CHANNEL, b"x" * 100)
        assert inbox.full
        tasks.start_soon(read, "one")
        tasks.start_soon(read, "other")
        await anyio.wait_all_tasks_blocked()
        assert passed == []
        assert await inbox.take() == [(CHANNEL, b"x" * 100)] * 3
        await anyio.wait_all_tasks_blocked()
        assert sorted(passed) == ["one", "other"]
        assert not inbox.full


async def test_taking_waits_for_something_and_takes_it_all():
    """Gaps and messages in the order in which they came."""
    inbox, taken = Inbox(), []

    async def take() -> None:
        taken.append(await inbox.take())
        taken.append(await inbox.take())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take)
        await anyio.wait_all_tasks_blocked()
        assert taken == []
        inbox.put(CHANNEL, b"1")
        inbox.put(CHANNEL, None)
        await anyio.wait_all_tasks_blocked()
        assert taken == [[(CHANNEL, b"1"), (CHANNEL, None)]]
        inbox.put(CHANNEL, b"2")
    assert taken[1:] == [[(CHANNEL, b"2")]]


async def test_who_takes_at_once_is_given_what_was_there_and_what_each_read_brings():
    """Until it had enough; what follows waits for the next to take."""
    inbox, given = Inbox(), []

    def take(messages: list[Message]) -> bool:
        given.append(messages)
        return messages[-1][1] is not None

    inbox.put(CHANNEL, b"1")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(inbox.pass_to, take)
        await anyio.wait_all_tasks_blocked()
        assert given == [[(CHANNEL, b"1")]]
        inbox.pass_on()
        inbox.put(CHANNEL, b"2")
        inbox.put(CHANNEL, b"3")
        assert len(given) == 1
        inbox.pass_on()
        assert given[1:] == [[(CHANNEL, b"2"), (CHANNEL, b"3")]]
        inbox.put(CHANNEL, None)
        inbox.pass_on()
        inbox.put(CHANNEL, b"4")
        inbox.pass_on()
    assert given[2:] == [[(CHANNEL, None)]]
    assert await inbox.take() == [(CHANNEL, b"4")]


async def test_a_fault_of_who_takes_is_its_own():
    """Whoever reads goes on, and whoever passes messages on sees it."""
    inbox = Inbox()

    def fail(_: list[Message]) -> bool:
        raise LookupError

    async def passes() -> None:
        with pytest.raises(LookupError):
            await inbox.pass_to(fail)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(passes)
        await anyio.wait_all_tasks_blocked()
        inbox.put(CHANNEL, b"1")
        inbox.pass_on()
    inbox.put(CHANNEL, b"2")
    inbox.pass_on()
    assert await inbox.take() == [(CHANNEL, b"2")]
