"""Which tokens a gateway refuses, and when it says that sockets are to be closed."""

from collections.abc import AsyncIterator, Mapping, Set
from contextlib import asynccontextmanager

import anyio
import pytest
from structlog.testing import capture_logs

from runcast_core.access.tokens import Claims
from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.accounts import Role
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.identifiers import EVERYBODY
from runcast_gateway.relay import revocations as module
from runcast_gateway.relay.revocations import Close, Revocations
from tests.parts.conditions import until

AT = 1_700_000_000_500
KEEP_S = 3600


def claims(
    organization_id: str = "a",
    user_id: str = "u",
    issued_at: float | None = AT / 1000 - 1,
    session_id: str | None = None,
) -> Claims:
    return Claims(user_id, organization_id, Role.VIEWER, 2**40, issued_at, session_id)


def _noting(closed: list[tuple[str, str]]) -> Close:
    """Note each subject whose sockets are to be closed."""
    return lambda organization_id, subjects: closed.extend((organization_id, subject) for subject in subjects)


@asynccontextmanager
async def following(bus: MemoryBus, *held: str) -> AsyncIterator[tuple[Revocations, list[tuple[str, str]]]]:
    """Follow the revocations of organizations that are held from before; yield those that were to be closed."""
    revocations, closed = Revocations(bus), []
    for organization_id in held:
        await revocations.load(organization_id)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(revocations.run, _noting(closed))
        await anyio.wait_all_tasks_blocked()
        yield revocations, closed
        tasks.cancel_scope.cancel()


async def test_it_refuses_what_was_issued_before_the_revocation():
    """To the millisecond; a token without a time too; nobody else's, and nobody's of another organization."""
    bus = MemoryBus()
    await bus.revoke("a", "u", AT, KEEP_S)
    revocations = Revocations(bus)
    assert not revocations.refuses(claims())
    for organization_id in ("a", "b"):
        await revocations.load(organization_id)
    assert revocations.refuses(claims())
    assert revocations.refuses(claims(issued_at=(AT - 1) / 1000))
    assert revocations.refuses(claims(issued_at=None))
    assert not revocations.refuses(claims(issued_at=AT / 1000))
    assert not revocations.refuses(claims(user_id="v", issued_at=None))
    assert not revocations.refuses(claims("b"))
    revocations.forget("a")
    assert not revocations.refuses(claims())


class CountingBus(MemoryBus):
    """Notes which organizations it was asked about."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    async def revocations(self, organization_id: str) -> Mapping[str, int]:
        self.asked.append(organization_id)
        return await super().revocations(organization_id)


async def test_a_signal_closes_the_users_sockets_and_refuses_before():
    """Of an organization that is held; about others nothing is asked or said."""
    bus = CountingBus()
    async with following(bus, "a") as (revocations, closed):
        refused: list[bool] = []

        def close(organization_id: str, subjects: Set[str]) -> None:
            _noting(closed)(organization_id, subjects)
            refused.append(revocations.refuses(claims()))

        revocations._close = close
        await bus.revoke("b", "u", AT, KEEP_S)
        await bus.revoke("a", "u", AT, KEEP_S)
        await until(lambda: bool(closed))
        await anyio.wait_all_tasks_blocked()
    assert (closed, refused) == ([("a", "u")], [True])
    assert set(bus.asked) == {"a"}


async def test_a_revocation_is_not_missed_by_who_loads_at_the_same_time():
    """If the joining socket's look finds it first, the user's other sockets are closed all the same, and once."""
    bus = MemoryBus()
    async with following(bus, "a") as (revocations, closed):
        bus._revoked["a"]["u"] = AT
        await revocations.load("a")
        assert closed == [("a", "u")]
        await bus.signal(Signal(SignalKind.REVOKE, "a", subject="u"))
        await anyio.wait_all_tasks_blocked()
        assert closed == [("a", "u")]
        await bus.revoke("a", "u", AT + 5, KEEP_S)
        await until(lambda: len(closed) == 2)


async def test_what_was_missed_is_made_good():
    """What came before listening began, or while signals were interrupted, of every organization that is held."""
    bus = MemoryBus()
    revocations, closed = Revocations(bus), []
    for number in range(50):
        await revocations.load(f"o{number}")
    bus._revoked["o0"]["u"] = AT
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(revocations.run, _noting(closed))
        await until(lambda: closed == [("o0", "u")])
        revocations.forget("o1")
        for number in range(50):
            bus._revoked[f"o{number}"]["v"] = AT
        bus.interrupt()
        await until(lambda: len(closed) == 50)
        tasks.cancel_scope.cancel()
    assert set(closed[1:]) == {(f"o{number}", "v") for number in range(50) if number != 1}


async def test_a_wake_for_the_runners_asks_nothing(monkeypatch: pytest.MonkeyPatch):
    """Each execution that is requested sends one."""
    bus = MemoryBus()
    async with following(bus, "a") as (_, closed):
        bus._revoked["a"]["u"] = AT
        await bus.signal(Signal(SignalKind.WAKE, "a"))
        await bus.signal(Signal(SignalKind.CANCEL, "a", "t"))
        await anyio.wait_all_tasks_blocked()
        assert closed == []


async def test_a_bus_that_does_not_answer_is_asked_until_it_does(monkeypatch: pytest.MonkeyPatch):
    """Whoever loads is told; what was let in meanwhile is closed afterwards; it is logged once."""
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    bus = CountingBus()
    with capture_logs() as logs:
        async with following(bus) as (revocations, closed):
            await bus.revoke("a", "u", AT, KEEP_S)
            bus.down = True
            with pytest.raises(BusUnavailable):
                await revocations.load("a")
            assert not revocations.refuses(claims())
            await until(lambda: len(bus.asked) > 3)
            bus.down = False
            await until(lambda: closed == [("a", "u")])
            assert revocations.refuses(claims())
            bus.down = True
            for organization_id in ("b", "c"):
                with pytest.raises(BusUnavailable):
                    await revocations.load(organization_id)
            revocations.forget("b")
            await until(lambda: bus.asked.count("c") > 3)
            assert bus.asked.count("b") == 1
    assert [entry["event"] for entry in logs] == ["Revocations not read"] * 2


async def test_a_bus_that_does_not_answer_is_not_pressed(monkeypatch: pytest.MonkeyPatch):
    """There is a pause before it is asked again."""
    monkeypatch.setattr(module, "RETRY_S", 3600)
    bus = CountingBus()
    with anyio.fail_after(5):
        async with following(bus) as (revocations, _):
            bus.down = True
            with pytest.raises(BusUnavailable):
                await revocations.load("a")
            await anyio.wait_all_tasks_blocked()
            assert len(bus.asked) == 2


async def test_a_look_that_is_given_up_is_taken_again(monkeypatch: pytest.MonkeyPatch):
    """A socket waits for Redis only so long; the revocation counts once it is known."""
    bus = MemoryBus()
    await bus.revoke("a", "u", AT, KEEP_S)
    answer = anyio.Event()
    original = bus.revocations

    async def slow(organization_id: str) -> Mapping[str, int]:
        await answer.wait()
        return await original(organization_id)

    monkeypatch.setattr(bus, "revocations", slow)
    async with following(bus) as (revocations, closed):
        with anyio.move_on_after(0.01):
            await revocations.load("a")
        assert not revocations.refuses(claims())
        answer.set()
        await until(lambda: closed == [("a", "u")])
        assert revocations.refuses(claims())


async def test_an_organization_that_is_forgotten_during_a_look_stays_forgotten(monkeypatch: pytest.MonkeyPatch):
    """Nothing is kept of what nobody here watches."""
    bus = MemoryBus()
    async with following(bus, "a") as (revocations, closed):
        original = bus.revocations

        async def forgetting(organization_id: str) -> Mapping[str, int]:
            revocations.forget(organization_id)
            return await original(organization_id)

        monkeypatch.setattr(bus, "revocations", forgetting)
        await bus.revoke("a", "u", AT, KEEP_S)
        await anyio.wait_all_tasks_blocked()
        assert (closed, revocations._held) == ([], {})


async def test_a_flushed_redis_takes_nothing_back():
    """What a gateway knows it goes on refusing while it holds the organization."""
    bus = MemoryBus()
    await bus.revoke("a", "u", AT, KEEP_S)
    async with following(bus, "a") as (revocations, _):
        bus.lose_memory()
        bus.interrupt()
        await anyio.wait_all_tasks_blocked()
        assert revocations.refuses(claims())


async def test_an_empty_bus_is_none_that_answers(monkeypatch: pytest.MonkeyPatch):
    """Nobody can say what was revoked until it was told everything: no room opens. What is held already learns the rest
    then."""
    monkeypatch.setattr(module, "RETRY_S", 0.01)
    bus = MemoryBus()
    async with following(bus, "a") as (revocations, closed):
        bus.lose_memory()
        bus.interrupt()
        for organization_id in ("a", "b"):
            with pytest.raises(BusUnavailable):
                await revocations.load(organization_id)
        telling = await bus.begin_telling()
        for organization_id in ("a", "b"):
            await bus.revoke(organization_id, "u", AT, KEEP_S)
        with pytest.raises(BusUnavailable):
            await revocations.load("b")
        assert await bus.end_telling(telling)
        await revocations.load("b")
        await until(lambda: set(closed) == {("a", "u"), ("b", "u")})
        assert revocations.refuses(claims())
        assert revocations.refuses(claims("b"))


async def test_a_token_is_revoked_by_any_of_its_subjects():
    """The user, the session it is of, or everybody of the organization; not by another's."""
    bus = MemoryBus()
    own = claims(session_id="s1")
    async with following(bus, "a") as (revocations, closed):
        for subject in ("v", "session:s2", "key:u", "s1", "session:"):
            await bus.revoke("a", subject, AT, KEEP_S)
        await until(lambda: len(closed) == 5)
        assert not revocations.refuses(own)
    for subject in ("u", "session:s1", EVERYBODY):
        bus = MemoryBus()
        await bus.revoke("a", subject, AT, KEEP_S)
        revocations = Revocations(bus)
        await revocations.load("a")
        assert revocations.refuses(own)
        assert not revocations.refuses(claims(issued_at=AT / 1000, session_id="s1"))


async def test_what_is_held_is_bounded(monkeypatch: pytest.MonkeyPatch):
    """The newest stay."""
    monkeypatch.setattr(module, "_MAX_HELD", 20)
    monkeypatch.setattr(module, "MAX_REVOCATIONS", 10)
    bus = MemoryBus()
    revocations = Revocations(bus)
    for number in range(30):
        await bus.revoke("a", f"u{number}", AT + number, KEEP_S)
        await revocations.load("a")
        assert revocations.refuses(claims(user_id=f"u{number}"))
        assert len(revocations._held["a"]) <= 20
        bus._revoked.clear()
