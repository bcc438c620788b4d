"""Keys that are kept: when they are asked for again, who waits, and for how long they are good."""

import asyncio
import threading
import time
from typing import Any

import anyio
import pytest
from structlog.testing import capture_logs

from runcast_core.access import provider_keys as module
from runcast_core.access.provider_keys import ProviderKeys
from runcast_core.model.errors import KeysUnavailable
from tests.parts.conditions import until

KEY: Any = object()


class Provider:
    """Tells `keys`, raises, or hangs until it may answer."""

    def __init__(self, **keys: Any) -> None:
        self.keys: dict[str, Any] | None = keys
        self.asked = 0
        self.may_answer = threading.Event()
        self.may_answer.set()

    def __call__(self) -> dict[str, Any]:
        self.asked += 1
        self.may_answer.wait()
        if self.keys is None:
            raise OSError("s3cret")
        return dict(self.keys)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds by which time is ahead of what it is."""
    ahead, real = [0.0], time.monotonic
    monkeypatch.setattr(module.time, "monotonic", lambda: real() + ahead[0])
    return ahead


async def _settled(keys: ProviderKeys) -> None:
    await until(lambda: keys._running is None)


async def test_a_known_key_is_there_at_once_and_for_long(clock: list[float]):
    """Once the keys are not fresh any more its use asks for them in the background: a withdrawn one is refused then."""
    provider = Provider(a=KEY, b=KEY)
    keys = ProviderKeys(provider)
    assert await keys.find("a") is KEY
    clock[0] += module.FRESH_S - 1
    assert await keys.find("a") is KEY
    assert provider.asked == 1
    clock[0] += 2
    provider.keys = {"b": KEY}
    provider.may_answer.clear()
    for _ in range(3):
        assert await keys.find("a") is KEY
    await until(lambda: provider.asked == 2)
    provider.may_answer.set()
    await _settled(keys)
    with pytest.raises(KeysUnavailable):
        await keys.find("a")
    clock[0] += module.PAUSE_S + 1
    assert await keys.find("a") is None
    assert await keys.find("b") is KEY
    assert provider.asked == 3


async def test_keys_that_are_not_told_again_are_worth_nothing_after_a_while(clock: list[float]):
    """Until then they are good. That it fails is logged once, by its kind alone, until it did not."""
    provider = Provider(a=KEY)
    keys = ProviderKeys(provider)
    assert await keys.find("a") is KEY
    provider.keys = None
    with capture_logs() as logs:
        for _ in range(3):
            clock[0] += module.KEPT_S / 4
            assert await keys.find("a") is KEY
            await _settled(keys)
        clock[0] += module.KEPT_S / 4
        with pytest.raises(KeysUnavailable):
            await keys.find("a")
    assert [entry["reason"] for entry in logs] == ["OSError"]
    provider.keys = {"a": KEY}
    clock[0] += module.PAUSE_S + 1
    assert await keys.find("a") is KEY


@pytest.mark.parametrize("fails", [True, False])
async def test_there_is_a_pause_after_each_refresh(clock: list[float], fails: bool):
    """After a failed one too: whoever comes in it waits for nothing, and is told to try again."""
    provider = Provider(a=KEY)
    keys = ProviderKeys(provider)
    assert await keys.find("a") is KEY
    if fails:
        provider.keys = None
    for asked in (2, 3, 4):
        clock[0] += module.PAUSE_S + 1
        if fails:
            with pytest.raises(KeysUnavailable):
                await keys.find("b")
        else:
            assert await keys.find("b") is None
        for _ in range(20):
            with pytest.raises(KeysUnavailable):
                await keys.find("c")
        assert provider.asked == asked


async def test_many_wait_for_one_refresh_and_who_came_later_is_not_refused(clock: list[float]):
    """What it brought is for all of them. Who asked for what it did not bring, after it began, may try again."""
    provider = Provider(a=KEY)
    provider.may_answer.clear()
    keys, found = ProviderKeys(provider), dict[str, Any]()

    async def find(name: str, key_id: str) -> None:
        try:
            found[name] = await keys.find(key_id)
        except KeysUnavailable:
            found[name] = "later"

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(find, "first", "x")
        await until(lambda: provider.asked == 1)
        for number in range(20):
            tasks.start_soon(find, f"a{number}", "a")
            tasks.start_soon(find, f"x{number}", "x")
        await anyio.wait_all_tasks_blocked()
        assert found == {}
        provider.may_answer.set()
    assert found == {"first": None} | {f"a{n}": KEY for n in range(20)} | {f"x{n}": "later" for n in range(20)}
    assert provider.asked == 1


async def test_a_provider_that_hangs_is_given_up(clock: list[float], monkeypatch: pytest.MonkeyPatch):
    """Nobody waits longer; it is asked again by another thread, of which there are few. What comes late counts not."""
    monkeypatch.setattr(module, "GIVE_UP_S", 0.02)
    monkeypatch.setattr(module, "PAUSE_S", 0.0)
    provider = Provider(a=KEY)
    provider.may_answer.clear()
    keys = ProviderKeys(provider)
    for _ in range(module.MOST_THREADS + 3):
        with anyio.fail_after(2), pytest.raises(KeysUnavailable):
            await keys.find("a")
    assert provider.asked == module.MOST_THREADS
    provider.may_answer.set()
    for thread in keys._threads:
        await anyio.to_thread.run_sync(thread.join)
    await anyio.wait_all_tasks_blocked()
    assert keys._keys == {}
    monkeypatch.setattr(module, "GIVE_UP_S", 10)
    assert await keys.find("a") is KEY


async def test_a_process_without_threads_postpones(monkeypatch: pytest.MonkeyPatch):
    """As where the provider does not answer."""

    def no_thread(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread)
    with pytest.raises(KeysUnavailable):
        await ProviderKeys(Provider(a=KEY)).find("a")


def test_what_comes_after_the_end_of_the_loop_is_nobodys():
    """The thread ends without an error."""
    provider = Provider(a=KEY)
    provider.may_answer.clear()
    keys = ProviderKeys(provider)

    async def begin() -> None:
        keys._refresh(time.monotonic())

    asyncio.run(begin())
    provider.may_answer.set()
    keys._threads[0].join(5)
    assert not keys._threads[0].is_alive()
