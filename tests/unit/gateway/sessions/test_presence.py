"""What a gateway tells the bus about who is connected to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest
from structlog.testing import capture_logs

from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.bus.presence import Present
from runcast_gateway.sessions import presence as module
from runcast_gateway.sessions.presence import PresenceReporter
from tests.parts.conditions import until

Sockets = dict[str, dict[str, int]]


class CountingBus(MemoryBus):
    """Keeps what it was told, call by call."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[Sockets] = []

    async def note_presence(self, gateway_id: str, presence) -> None:
        self.told.append({organization_id: dict(users) for organization_id, users in presence.items()})
        await super().note_presence(gateway_id, presence)


@asynccontextmanager
async def reporting(bus: MemoryBus, sockets: Sockets) -> AsyncIterator[PresenceReporter]:
    reporter = PresenceReporter(bus, "g1")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(reporter.run, lambda: sockets)
        await anyio.wait_all_tasks_blocked()
        yield reporter
        tasks.cancel_scope.cancel()


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COALESCE_S", 0.05)
    monkeypatch.setattr(module, "REFRESH_S", 3600)


async def test_it_tells_at_once_and_takes_everything_back_at_the_end():
    """Another gateway's part stays."""
    bus = MemoryBus()
    await bus.note_presence("g2", {"a": {"u": 1}})
    async with reporting(bus, {"a": {"u": 2}, "b": {"v": 1}}):
        assert await bus.presence("a") == Present({"u": 3}, 2)
        assert await bus.presence("b") == Present({"v": 1}, 1)
    assert await bus.presence("a") == Present({"u": 1}, 1)
    assert await bus.presence("b") == Present({}, 0)


async def test_a_gateway_without_sockets_says_nothing():
    """Neither at the start nor at the end, nor when a socket was gone before it was told."""
    bus = CountingBus()
    async with reporting(bus, {}) as reporter:
        reporter.changed()
        await until(lambda: _reset(reporter))
    assert bus.told == []


async def test_changes_are_told_together_and_only_what_changed():
    """Of many sockets that come and go at about the same time, one call; an organization without any is taken back."""
    bus = CountingBus()
    sockets: Sockets = {"a": {"u": 1}, "b": {"v": 1}, "c": {"w": 1}}
    async with reporting(bus, sockets) as reporter:
        for number in range(100):
            sockets["a"]["u"] = number + 2
            reporter.changed()
            await anyio.lowlevel.checkpoint()
        del sockets["b"]
        reporter.changed()

        async def told() -> bool:
            return len(bus.told) > 1

        await until(told)
        assert bus.told == [{"a": {"u": 1}, "b": {"v": 1}, "c": {"w": 1}}, {"a": {"u": 101}, "b": {}}]
        assert not reporter._changed.is_set()
        reporter.changed()
        sockets["d"] = {"x": 1}
        await until(lambda: _has(bus, "d"))
    assert bus.told[2:] == [{"d": {"x": 1}}, {"a": {}, "c": {}, "d": {}}]


async def test_it_tells_again_though_nothing_changed(monkeypatch: pytest.MonkeyPatch):
    """So that it does not become stale; also while something changes all the time."""
    monkeypatch.setattr(module, "REFRESH_S", 0.1)
    bus = CountingBus()
    sockets = {"a": {"u": 1}, "b": {"v": 0}}
    async with reporting(bus, sockets) as reporter:

        async def told_three_times() -> bool:
            sockets["b"]["v"] += 1
            reporter.changed()
            return sum("a" in told for told in bus.told) >= 3

        await until(told_three_times)


async def test_a_bus_that_does_not_answer_is_logged_once_and_told_later(monkeypatch: pytest.MonkeyPatch):
    """Also what went meanwhile is taken back then."""
    monkeypatch.setattr(module, "REFRESH_S", 0.02)
    bus = CountingBus()
    sockets: Sockets = {"a": {"u": 1}, "b": {"v": 1}}
    with capture_logs() as logs:
        async with reporting(bus, sockets) as reporter:
            bus.down = True
            del sockets["b"]
            sockets["c"] = {"w": 1}
            reporter.changed()
            failed = len(bus.told)

            async def tried() -> bool:
                return len(bus.told) > failed + 3

            await until(tried)
            bus.down = False
            await until(lambda: _has(bus, "c"))
            assert await bus.presence("b") == Present({}, 0)
            assert await bus.presence("a") == Present({"u": 1}, 1)
    assert [entry["event"] for entry in logs] == ["Presence not told"]


async def test_a_bus_that_is_gone_does_not_hold_up_the_end():
    """What was told becomes stale by itself."""
    bus = MemoryBus()
    with anyio.fail_after(5):
        async with reporting(bus, {"a": {"u": 1}}):
            bus.down = True


async def _has(bus: MemoryBus, organization_id: str) -> bool:
    return (await bus.presence(organization_id)).gateways > 0


async def _reset(reporter: PresenceReporter) -> bool:
    return not reporter._changed.is_set()
