"""Output of a process that prints all the while, although Redis or the store goes away: nothing of it is lost."""

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest

from runcast_core.bus.bus import Bus, Delivery, Gap
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.model.errors import StoreUnavailable
from runcast_core.model.executions import LogChunk, OutputEnd, Status
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from runcast_runner.executors.process.executor import ProcessExecutor
from tests.parts.conditions import until
from tests.parts.redis.server import MortalRedis, own_redis
from tests.parts.runner import ORG, FaultyStore, running_runner, stored, until_status


class Printing:
    """An execution that prints numbered lines until the file `stop` is there."""

    def __init__(self, store: Store, task_id: str, stop: Path) -> None:
        self._store = store
        self._task_id = task_id
        self._stop = stop

    async def chunks(self) -> list[LogChunk]:
        chunks: list[LogChunk] = []
        while page := await self._store.read_logs(ORG, self._task_id, attempt=1, after=chunks[-1].seq if chunks else 0):
            chunks += page
        return chunks

    async def grown(self, by: int = 5) -> int:
        """Return the last number once so many more chunks are stored."""
        begun = len(await self.chunks())

        async def grown() -> list[LogChunk]:
            chunks = await self.chunks()
            return chunks if len(chunks) >= begun + by else []

        return (await until(grown))[-1].seq

    async def is_complete(self) -> None:
        """Let it end; check that each line is stored once, in order, and that the proof is of just that."""
        self._stop.touch()
        ended = await until_status(self._store, self._task_id)
        chunks = await self.chunks()
        data = "".join(f"{chunk.text}\n" for chunk in chunks).encode()
        lines = data.split()
        assert lines == [b"%d" % number for number in range(1, len(lines) + 1)]
        assert [chunk.seq for chunk in chunks] == list(range(1, len(chunks) + 1))
        assert ended.status is Status.PASSED
        sha256 = hashlib.sha256(data).hexdigest()
        assert ended.attempts[-1].output == OutputEnd(chunks[-1].seq, len(data), sha256, len(lines))


@asynccontextmanager
async def _printing(
    folder: Path, bus: Bus, pause: str = "", wrapped: Callable[[Store], Any] = lambda store: store
) -> AsyncIterator[Printing]:
    """Run it as a process on a runner whose store is `wrapped`."""
    stop = folder / "stop"
    command = f"n=0; while [ ! -e {stop} ]; do n=$((n+1)); echo $n; {pause} done"
    async with open_store(f"sqlite://{folder}/runcast.sqlite") as store:
        task_id = await stored(store, {"image": "local", "command": command})
        async with running_runner(wrapped(store), bus, ProcessExecutor(folder / "notes", allowed=True)):
            yield Printing(store, task_id, stop)


class Listener:
    """Keeps what a gateway would get of the organization."""

    def __init__(self) -> None:
        self.items: list[Delivery | Gap] = []

    async def listen(self, bus: Bus) -> None:
        async with bus.subscription() as subscription, anyio.create_task_group() as tasks:
            tasks.start_soon(subscription.add, ORG)
            async for together in subscription:
                self.items += together

    async def hears(self, after: int) -> None:
        """Return once live output with a later number was heard."""
        await until(lambda: any(seq > after for seq in self._seqs()))

    def _seqs(self) -> list[int]:
        events = [item.event for item in self.items if isinstance(item, Delivery)]
        return [orjson.loads(event.payload)["seq"] for event in events if event.name == "execution-log"]


@pytest.mark.parametrize("restarts", [1, 3])
async def test_redis_that_goes_away_holds_no_output_back(tmp_path, restarts):
    """It is stored while Redis is gone; whoever listens hears of the gap, and then is live again."""
    listener = Listener()
    with MortalRedis(own_redis()[1]) as redis, anyio.fail_after(60):
        async with (
            open_redis_bus(redis.url) as bus,
            open_redis_bus(redis.url) as other,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(listener.listen, other)
            async with _printing(tmp_path, bus, "sleep 0.002;") as printing:
                for _ in range(restarts):
                    with redis.running():
                        await listener.hears(await printing.grown())
                    await printing.grown()
                with redis.running():
                    await listener.hears(await printing.grown())
                    await printing.is_complete()
            tasks.cancel_scope.cancel()
    assert listener.items.count(Gap(ORG)) >= restarts


class Refusing(FaultyStore):
    """Counts what it refused while it was switched off."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.refused = 0

    async def append_logs(self, chunks: list[LogChunk]) -> None:
        self.refused += self.down
        if self.down:
            raise StoreUnavailable("switched off")
        await self._store.append_logs(chunks)


async def test_a_store_that_goes_away_loses_no_output(tmp_path):
    """What the process prints waits, at last in the process itself; then all of it is stored, once and in order."""
    stores: list[Refusing] = []

    def refusing(store: Store) -> Refusing:
        stores.append(Refusing(store))
        return stores[0]

    async with _printing(tmp_path, MemoryBus(), wrapped=refusing) as printing:
        [store] = stores
        for times in (1, 3):
            await printing.grown()
            store.down, store.refused = True, 0
            await until(lambda times=times: store.refused >= times)
            store.down = False
        await printing.grown()
        await printing.is_complete()
