"""Batches of output: when they go out, what holds them back, and what stops them."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import anyio
import orjson
import pytest
from prometheus_client import CollectorRegistry

from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import StoreUnavailable
from runcast_core.model.events import EXECUTION_LOG, RESYNC, Event
from runcast_core.model.executions import Execution, ExecutionSummary, LogChunk
from runcast_runner.metrics import RunnerMetrics
from runcast_runner.output import log_writer
from runcast_runner.output import spill as spill_module
from runcast_runner.output.execution_log import MAX_HELD_CHARACTERS, ExecutionLog
from runcast_runner.output.log_writer import LogWriter
from runcast_runner.output.numbering import CHUNK_CHARACTERS
from runcast_runner.output.spill import Spill
from tests.parts.clock import leaping_clock
from tests.parts.conditions import until


class Chunks:
    """Keeps each batch that is stored, and has executions; `down` makes it refuse."""

    def __init__(self) -> None:
        self.batches: list[list[LogChunk]] = []
        self.times: list[float] = []
        self.executions: dict[str, Execution] = {}
        self.down = False
        self.refused = anyio.Event()

    async def append_logs(self, chunks) -> None:
        if self.down:
            self.refused.set()
            raise StoreUnavailable("down")
        self.times.append(anyio.current_time())
        self.batches.append(list(chunks))
        await self.then()

    async def then(self) -> None:
        """What happens once they are stored, before anybody knows."""

    async def summary(self, organization_id, task_id) -> ExecutionSummary | None:
        return self.executions.get(task_id)

    def texts(self, task_id: str) -> list[str]:
        return [chunk.text for batch in self.batches for chunk in batch if chunk.task_id == task_id]


class Parts:
    """A writer over the fakes."""

    def __init__(self, spill: Spill | None = None) -> None:
        self.store = Chunks()
        self.bus = MemoryBus()
        self.spill = spill or Spill(Path(), 0)
        self.writer = LogWriter(self.store, self.bus, RunnerMetrics(CollectorRegistry()), self.spill)

    def open(self, task_id: str, may_write: Callable[[], bool] = lambda: True) -> ExecutionLog:
        now = now_ms()
        execution = self.store.executions[task_id] = Execution("org", task_id, "image", now, now, attempt=1)
        return self.writer.open(execution, may_write)


def _resynced(bus: MemoryBus) -> list[str | None]:
    """Return the executions that dashboards were told to read again, sorted."""
    return sorted(event.task_id or "" for _, event in bus.published if event.name == RESYNC)


class Interrupted(MemoryBus):
    """Goes down by itself when so many events were published."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self._after = after

    async def publish(self, organization_id: str, event: Event) -> str:
        if len(self.published) == self._after:
            self.down = True
        return await super().publish(organization_id, event)


@asynccontextmanager
async def _writing(spill: Spill | None = None) -> AsyncIterator[Parts]:
    parts = Parts(spill)
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(parts.writer.run)
            yield parts
            tasks.cancel_scope.cancel()


@leaping_clock
async def test_the_first_output_after_silence_goes_out_at_once(monkeypatch):
    """It does not wait for the interval, however long that is."""
    monkeypatch.setattr(log_writer, "INTERVAL_S", 1000)
    async with _writing() as parts:
        output = parts.open("t")
        begun = anyio.current_time()
        await output.write(b"a\n")
        await output.drained()
        assert parts.store.times == [begun]
        assert parts.store.texts("t") == ["a"]


@leaping_clock
async def test_lines_within_an_interval_become_one_chunk(monkeypatch):
    """What came by many writes is joined, in order, and numbered without gaps."""
    monkeypatch.setattr(log_writer, "INTERVAL_S", 0.2)
    async with _writing() as parts:
        output = parts.open("t")
        await output.write(b"first\n")
        await output.drained()
        for number in range(100):
            await output.write(b"%d\n" % number)
        await output.drained()
        [first], [second] = parts.store.batches
        assert (first.seq, first.text) == (1, "first")
        assert (second.seq, second.text) == (2, "\n".join(map(str, range(100))))
        assert parts.store.times[1] - parts.store.times[0] == pytest.approx(0.2)


async def test_16_kb_of_text_do_not_wait_for_the_interval(monkeypatch):
    """A full chunk goes out as soon as the one before is stored."""
    monkeypatch.setattr(log_writer, "INTERVAL_S", 1000)
    async with _writing() as parts:
        output = parts.open("t")
        for _ in range(3):
            await output.write(b"x" * 16_000 + b"\n" + b"y" * 16_000 + b"\n")
            await output.drained()
        chunks = [chunk for batch in parts.store.batches for chunk in batch]
        assert [chunk.seq for chunk in chunks] == [1, 2, 3, 4, 5, 6]
        assert all(len(chunk.text) <= CHUNK_CHARACTERS for chunk in chunks)


async def test_all_executions_share_a_batch():
    """One write to the store for all of them, then their events in order."""
    parts = Parts()
    outputs = [parts.open(f"t{number}") for number in range(20)]
    for output in outputs:
        await output.write(b"a\nb\n")
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(parts.writer.run)
            for output in outputs:
                await output.drained()
            tasks.cancel_scope.cancel()
    assert [len(batch) for batch in parts.store.batches] == [20]
    published = [(event.task_id, orjson.loads(event.payload)["log"]) for _, event in parts.bus.published]
    assert sorted(published) == sorted((f"t{number}", "a\nb") for number in range(20))


@leaping_clock
async def test_a_full_log_slows_the_container():
    """While nothing is taken, a write that finds the bound reached does not return."""
    parts = Parts()
    output = parts.open("t")
    piece = (b"x" * 999 + b"\n") * 100
    with anyio.move_on_after(0.2) as waiting:
        for _ in range(1000):
            await output.write(piece)
    assert waiting.cancelled_caught
    assert output._size <= MAX_HELD_CHARACTERS + len(piece)


async def test_output_survives_a_store_that_is_away(monkeypatch):
    """It is tried again until it is stored, in order and once."""
    monkeypatch.setattr(log_writer, "LAST_RETRY_S", 0.1)
    async with _writing() as parts:
        parts.store.down = True
        output = parts.open("t")
        await output.write(b"a\n")
        await parts.store.refused.wait()
        await output.write(b"b\n")
        assert parts.bus.published == []
        parts.store.down = False
        await output.drained()
        assert parts.store.texts("t") == ["a", "b"]
        assert [orjson.loads(event.payload)["seq"] for _, event in parts.bus.published] == [1, 2]


async def test_a_lost_attempt_is_not_written_any_more(monkeypatch):
    """Not even chunks that were being tried again; another execution's still are."""
    monkeypatch.setattr(log_writer, "LAST_RETRY_S", 0.1)
    async with _writing() as parts:
        parts.store.down = True
        lost, kept = parts.open("lost"), parts.open("kept")
        await lost.write(b"a\n")
        await kept.write(b"a\n")
        await parts.store.refused.wait()
        lost.abandon()
        await lost.write(b"b\n")
        parts.store.down = False
        await lost.drained()
        await kept.drained()
        assert (parts.store.texts("lost"), parts.store.texts("kept")) == ([], ["a"])
        told = [(event.name, event.task_id) for _, event in parts.bus.published]
        assert told == [(RESYNC, "lost"), (EXECUTION_LOG, "kept")]  # as the store may have taken what it did not answer


@pytest.mark.parametrize("spills", [False, True])
async def test_nothing_is_written_while_a_lease_is_not_good(tmp_path, monkeypatch, spills):
    """The store answers, yet another runner may be about to: what comes waits, and goes out once the lease is good."""
    monkeypatch.setattr(log_writer, "LAST_RETRY_S", 0.1)
    good, asked = False, 0

    def may_write() -> bool:
        nonlocal asked
        asked += 1
        return good

    async with _writing(Spill(tmp_path, 1_000_000) if spills else None) as parts:
        output = parts.open("t", may_write)
        await output.write(b"a\n")
        await until(lambda: asked and parts.spill.empty is not spills)
        await output.write(b"b\n")
        seen = asked
        await until(lambda: asked > seen + 2)
        assert (parts.store.batches, parts.bus.published) == ([], [])
        good = True
        await output.drained()
        assert "\n".join(parts.store.texts("t")) == "a\nb"
        assert len(parts.bus.published) == len(parts.store.texts("t"))


async def test_a_dead_redis_holds_nothing_back():
    """Output is stored all the same, and later output is published again."""
    async with _writing() as parts:
        parts.bus.down = True
        output = parts.open("t")
        await output.write(b"a\n")
        await output.drained()
        parts.bus.down = False
        await output.write(b"b\n")
        await output.drained()
        assert parts.store.texts("t") == ["a", "b"]
        assert [event.name for _, event in parts.bus.published] == [RESYNC, EXECUTION_LOG]
        assert orjson.loads(parts.bus.published[-1][1].payload)["log"] == "b"


@pytest.mark.parametrize("after", [0, 2])
async def test_whoever_is_left_out_is_owed_a_resync(after):
    """Not only the first one that fails: each execution whose chunk was stored and not published, and no other."""
    parts = Parts()
    parts.bus = parts.writer._bus = Interrupted(after)
    outputs = [parts.open(f"t{number}") for number in range(5)]
    for output in outputs:
        await output.write(b"a\n")
    with anyio.fail_after(10):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(parts.writer.run)
            for output in outputs:
                await output.drained()
            tasks.cancel_scope.cancel()
    published = {event.task_id for _, event in parts.bus.published}
    assert len(published) == after
    parts.bus.down = False
    assert set(_resynced(parts.bus)) == {f"t{number}" for number in range(5)} - published
    assert len(_resynced(parts.bus)) == 5 - after


async def test_what_is_stored_of_an_attempt_that_is_lost_then_is_told(monkeypatch):
    """Nothing of it is published any more, but where it is: once for all of its chunks."""
    async with _writing() as parts:
        lost, kept = parts.open("lost"), parts.open("kept")

        async def lose() -> None:
            lost.abandon()

        monkeypatch.setattr(parts.store, "then", lose)
        await lost.write(b"x" * 16_000 + b"\n" + b"y" * 16_000 + b"\n")
        await kept.write(b"a\n")
        await kept.drained()
        assert len(parts.store.texts("lost")) == 2
        assert {(event.name, event.task_id) for _, event in parts.bus.published} == {
            (RESYNC, "lost"),
            (EXECUTION_LOG, "kept"),
        }
        assert _resynced(parts.bus) == ["lost"]


@pytest.mark.parametrize("where", ["stored", "published"])
async def test_what_is_stored_while_the_writer_is_cancelled_is_told(monkeypatch, where):
    """As when its runner ends: what may be stored, or was, and who was not told of it."""
    async with _writing() as parts:
        reached = anyio.Event()

        async def hang(*_: object) -> None:
            reached.set()
            await anyio.sleep_forever()

        target = (parts.store, "then") if where == "stored" else (parts.bus, "publish")
        monkeypatch.setattr(*target, hang)
        for task_id in ("t1", "t2"):
            await parts.open(task_id).write(b"a\n")
        await reached.wait()
        assert parts.bus.published == []
    assert _resynced(parts.bus) == ["t1", "t2"]


async def test_a_line_is_of_one_stream():
    """What another stream says while it is open becomes a line of its own; open ones come at the end."""
    async with _writing() as parts:
        output = parts.open("t")
        for data, stream in [(b"out ", 1), (b"err\n", 2), (b"put\nla", 1), (b"and", 2), (b"st", 1)]:
            await output.write(data, stream)
        output.finish()
        await output.drained()
        assert "\n".join(parts.store.texts("t")) == "err\nout put\nlast\nand"


@pytest.mark.parametrize(("data", "text"), [(b"no newline", "no newline"), (b"\n\n", "\n"), (b"", None)])
async def test_finish_adds_the_last_line(data, text):
    """A last line without a newline counts; nothing makes no chunk."""
    async with _writing() as parts:
        output = parts.open("t")
        await output.write(data)
        output.finish()
        await output.drained()
        assert parts.store.texts("t") == ([text] if text is not None else [])


async def test_output_on_disk_is_not_drained(tmp_path):
    """It is neither stored nor published yet."""
    async with _writing(Spill(tmp_path, 1_000_000)) as parts:
        parts.store.down = True
        output = parts.open("t")
        await output.write(b"a\n")
        await until(lambda: not parts.spill.empty)
        with anyio.move_on_after(0.1) as waiting:
            await output.drained()
        assert waiting.cancelled_caught
        parts.store.down = False
        await output.drained()
        assert parts.store.texts("t") == ["a"]
        assert [orjson.loads(event.payload)["seq"] for _, event in parts.bus.published] == [1]


@pytest.mark.parametrize("last", ["lost", "kept"])
@pytest.mark.parametrize("fate", ["there", "gone", "requested again"])
async def test_what_a_lost_attempt_has_on_disk_is_for_its_own_execution_only(tmp_path, monkeypatch, fate, last):
    """From the moment it is lost, also while its container is still being stopped. It is not live: who watches is told
    to read it, once it is all stored."""
    monkeypatch.setattr(spill_module, "SEGMENT_BYTES", 1)
    async with _writing(Spill(tmp_path, 1_000_000)) as parts:
        parts.store.down = True
        logs = {task_id: parts.open(task_id) for task_id in ("lost", "kept")}
        written = [("lost", b"a\n"), ("lost", b"b\n"), ("lost", b"c\n")]
        for task_id, text in [*written, ("kept", b"a\n")] if last == "kept" else [("kept", b"a\n"), *written]:
            size = parts.spill.size
            await logs[task_id].write(text)
            await until(lambda size=size: parts.spill.size > size)
        logs["lost"].abandon()
        if fate == "gone":
            del parts.store.executions["lost"]
        if fate == "requested again":
            first = parts.store.executions["lost"]
            parts.store.executions["lost"] = replace(first, created_at=first.created_at + 1)
        parts.store.down = False
        is_there = fate == "there"
        await until(lambda: parts.spill.empty and len(parts.bus.published) == 1 + is_there)
        assert (parts.store.texts("lost"), parts.store.texts("kept")) == (["a", "b", "c"] if is_there else [], ["a"])
        told = {(event.name, event.task_id) for _, event in parts.bus.published}
        assert told == {(EXECUTION_LOG, "kept"), *([(RESYNC, "lost")] if is_there else [])}
