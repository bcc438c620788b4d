"""A master that Sentinel watches: what is missing after a fail-over is in a gap, nothing comes twice."""

from collections.abc import Iterator

import anyio
import pytest

from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.bus.redis import listener as redis_listener
from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.model.errors import BusUnavailable
from runcast_core.model.events import mark
from tests.parts.buses import witnessed
from tests.parts.redis.sentinel import Watched, watched_redis


@pytest.fixture
def watched() -> Iterator[Watched]:
    with watched_redis() as watched:
        yield watched


@pytest.mark.parametrize("killed", [True, False])
async def test_a_replica_takes_over(watched: Watched, killed: bool, monkeypatch: pytest.MonkeyPatch):
    """After a master's death, or on request; the bus finds it by itself, its epoch is another one, signals go on."""
    monkeypatch.setattr(redis_listener, "CANARY_S", 60)  # which would notice, too, and later
    with anyio.fail_after(40):
        async with witnessed(watched.url, "a") as witness, open_redis_bus(watched.url) as bus:
            before = await bus.read_journal("a")
            async with bus.signals() as signals:
                await bus.signal(Signal(SignalKind.CANCEL, "a", "1"))
                assert await anext(signals) == Signal(SignalKind.CANCEL, "a", "1")
                if killed:
                    watched.master.kill()
                else:
                    await anyio.to_thread.run_sync(watched.fail_over)
                with anyio.fail_after(8):  # a Sentinel makes a replica of the old master after ten seconds
                    assert await anext(signals) == Signal(SignalKind.WAKE)
            await witness.has_gap()
            await witness.is_resynced(bus)
            await witness.goes_on()
            assert (await bus.read_journal("a")).epoch != before.epoch
    witness.account()


async def test_a_service_that_sentinel_does_not_know_is_unavailable(watched: Watched):
    """As is one that has no master now; nobody's name is in what is said of it."""
    async with open_redis_bus(watched.url.replace("/runcast/", "/other/")) as bus:
        with pytest.raises(BusUnavailable, match="MasterNotFoundError"):
            await bus.publish("a", mark())
