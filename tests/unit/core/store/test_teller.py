"""Telling the bus again: at the start, when its memory was lost, and now and then."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import anyio
import pytest
from structlog.testing import capture_logs

from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.bus.revocations import REMOVED
from runcast_core.model.errors import BusUnavailable, StoreUnavailable
from runcast_core.store import sweeps
from runcast_core.store import teller as module
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from runcast_core.store.teller import Teller, forget_old_sessions, tell_revocations
from tests.parts.conditions import until

KEEP_S = 3600


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite://{tmp_path}/runcast.sqlite") as store:
        yield store


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.01)
    monkeypatch.setattr(module, "PAGE", 7)
    monkeypatch.setattr(sweeps, "AT_ONCE", 3)


@pytest.fixture
def bus() -> MemoryBus:
    bus = MemoryBus()
    bus.lose_memory()
    return bus


async def _noted(store: Store, count: int = 20) -> dict[str, int]:
    """Note revocations that count as announced; return them as the bus should know them."""
    for number in range(count):
        await store.revocation_announced(await store.revoke_sessions("a", f"u{number}", 1000 + number))
    return {f"u{number}": 1000 + number for number in range(count)}


async def test_an_api_tells_everything_before_it_serves(store: Store, bus: MemoryBus):
    """Page after page; also what was announced once."""
    noted = await _noted(store)
    await Teller(bus, [partial(tell_revocations, store, bus, keep_s=KEEP_S)]).start()
    assert await bus.revocations("a") == noted


async def test_what_no_token_can_be_alive_of_is_not_told(store: Store, bus: MemoryBus):
    """It was noted longer ago than a token lives, and clocks may differ by."""
    await _noted(store, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SKEW_MS", 0)

        async def aged() -> bool:
            return await store.recent_revocations(within_ms=0) == []

        await until(aged)
        await tell_revocations(store, bus, keep_s=0)
    assert bus._revoked == {}
    await tell_revocations(store, bus, keep_s=0)
    assert bus._revoked["a"].keys() == {"u0"}


async def test_a_lost_memory_is_noticed_and_made_good(store: Store, bus: MemoryBus):
    """However often; and what is lost during the telling, too."""
    noted = await _noted(store)
    losses = [1]

    async def lose() -> None:
        if losses:
            losses.pop()
            bus.lose_memory()

    teller = Teller(bus, [partial(tell_revocations, store, bus, keep_s=KEEP_S), lose])
    await teller.start()
    assert await bus.told_ago_ms() is None

    async def told() -> bool:
        return await bus.told_ago_ms() is not None

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(teller.run)
        for _ in range(3):
            await until(told)
            assert await bus.revocations("a") == noted
            bus.lose_memory()
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("error", [StoreUnavailable("away"), BusUnavailable("away"), None])
async def test_a_start_does_not_wait_for_what_does_not_answer(
    store: Store, bus: MemoryBus, monkeypatch: pytest.MonkeyPatch, error: Exception | None
):
    """It is told in the background then, although the bus may say that somebody else has told it everything."""
    monkeypatch.setattr(module, "START_S", 0.01)
    noted, away = await _noted(store), [True]

    async def tell() -> None:
        if away and error is None:
            await anyio.sleep_forever()
        if away and error is not None:
            raise error
        await tell_revocations(store, bus, keep_s=KEEP_S)

    bus._told_at = 1
    teller = Teller(bus, [tell])
    with capture_logs() as logs, anyio.fail_after(5):
        await teller.start()
    assert [entry["event"] for entry in logs] == ([] if error is None else ["Not told everything again yet"])
    away.clear()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(teller.run)
        await until(lambda: bus._revoked["a"] == noted)
        tasks.cancel_scope.cancel()


async def test_everything_is_told_now_and_then(store: Store, bus: MemoryBus, monkeypatch: pytest.MonkeyPatch):
    """One node of a cluster may have lost its memory alone. While the bus is away nothing is tried, nor logged."""
    noted = await _noted(store, 3)
    teller = Teller(bus, [partial(tell_revocations, store, bus, keep_s=KEEP_S)])
    await teller.start()
    bus._revoked.clear()
    with capture_logs() as logs:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(teller.run)
            await anyio.wait_all_tasks_blocked()
            assert bus._revoked == {}
            bus.down = True
            monkeypatch.setattr(module, "AGAIN_S", 0)
            await anyio.wait_all_tasks_blocked()
            assert logs == []
            bus.down = False
            await until(lambda: bus._revoked["a"] == noted)
            tasks.cancel_scope.cancel()


async def test_a_bus_that_fails_in_the_middle_is_told_all_of_it_later(store: Store, bus: MemoryBus, monkeypatch):
    """Nothing is noted as told before."""
    noted, revoke, failing = await _noted(store), bus.revoke, [1, 1]

    async def failing_revoke(organization_id: str, subject: str, at_ms: int, keep_s: int) -> None:
        if subject == "u9" and failing:
            failing.pop()
            raise BusUnavailable("away")
        await revoke(organization_id, subject, at_ms, keep_s)

    monkeypatch.setattr(bus, "revoke", failing_revoke)
    teller = Teller(bus, [partial(tell_revocations, store, bus, keep_s=KEEP_S)])
    await teller.start()
    with pytest.raises(BusUnavailable):
        await bus.revocations("a")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(teller.run)

        async def told() -> bool:
            return await bus.told_ago_ms() is not None

        await until(told)
        tasks.cancel_scope.cancel()
    assert await bus.revocations("a") == noted


async def test_a_removal_is_told_as_one(store: Store, bus: MemoryBus):
    """Of a user, or of an organization."""
    await store.delete_organization("a")
    await store.revoke_sessions("b", "u", REMOVED)
    await Teller(bus, [partial(tell_revocations, store, bus, keep_s=KEEP_S)]).start()
    assert (await bus.revocations("a")).keys() == {""}
    assert (await bus.revocations("b")).keys() == {"u"}


async def test_old_sessions_are_forgotten(store: Store, monkeypatch: pytest.MonkeyPatch):
    """A session that ended is remembered for as long as its last token could live; users are for good."""
    monkeypatch.setattr(module, "SKEW_MS", 0)
    for subject in ("session:s", "u"):
        await store.revoke_sessions("a", subject, 1000)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(forget_old_sessions, store, keep_s=0, interval=0.01))

        async def one_left() -> bool:
            return [r.subject for r in await store.recent_revocations(within_ms=3_600_000)] == ["u"]

        await until(one_left)
        tasks.cancel_scope.cancel()


async def test_old_sessions_are_forgotten_until_there_are_no_more(store: Store, monkeypatch: pytest.MonkeyPatch):
    """A step is bounded, and the next one follows at once."""
    left, done = [True, True, False], anyio.Event()

    async def forget_sessions(*, older_than_ms: int) -> bool:
        if len(left) == 1:
            done.set()
        return left.pop(0)

    monkeypatch.setattr(store, "forget_sessions", forget_sessions)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(forget_old_sessions, store, keep_s=KEEP_S, interval=0.01))
            await done.wait()
            tasks.cancel_scope.cancel()
    assert left == []
