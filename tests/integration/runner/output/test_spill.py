"""Output of processes while the store does not answer: on disk, within its bound, and complete in the end."""

import hashlib
from base64 import b64encode
from collections.abc import AsyncIterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import anyio
import orjson
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.executions import LogChunk, OutputEnd, Status
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from runcast_runner import runner
from runcast_runner.executors.process.executor import ProcessExecutor
from runcast_runner.output import log_writer
from runcast_runner.output.execution_log import MAX_HELD_CHARACTERS
from tests.parts.conditions import until
from tests.parts.runner import ORG, FaultyStore, events_of, running_runner, stored, stored_output, until_status

STORED = "All output that was on disk is stored"
FULL = "Output held back, there is no room for it on disk"


class Outage:
    """A runner of processes over a store that can be switched off. What is requested prints `begun`, then waits for
    `go`; at its end it leaves a file."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.faulty = FaultyStore(store)
        self.bus = MemoryBus()
        self.registry = CollectorRegistry()
        self._folder = folder
        self._go, self._second = folder / "go", folder / "second"
        self.ended = folder / "ended"

    def runner(self, **settings: str) -> Any:
        own = {"RUNCAST_SPILL_DIR": str(self._folder), "RUNCAST_SPILL_MB": "100", "RUNCAST_POLL": "0.1"}
        executor = ProcessExecutor(self._folder / "notes", allowed=True)
        return running_runner(self.faulty, self.bus, executor, self.registry, **{**own, **settings})

    @property
    def once(self) -> str:
        """The beginning of a command that later attempts do not get beyond."""
        return f"[ -e {self._second} ] && exit; touch {self._second}"

    async def until_once(self) -> None:
        await until(self._second.exists)

    async def request(self, command: str, **config: Any) -> str:
        whole = f"echo begun; while [ ! -e {self._go} ]; do sleep 0.01; done; {command}; touch {self.ended}"
        return await stored(self.store, {"image": "local", "command": whole, "config": config})

    async def begin(self, task_id: str) -> None:
        """Switch the store off once `begun` is stored, and let the process print."""
        await until(lambda: stored_output(self.store, task_id))
        self.faulty.down = True
        self._go.touch()

    async def until_ended(self) -> None:
        await until(self.ended.exists)

    @property
    def segments(self) -> list[Path]:
        return sorted(self._folder.glob("runcast-spill-*/*"))

    @property
    def spilled(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.segments)

    async def until_spilled(self, text: bytes) -> None:
        await until(lambda: text in self.spilled)

    async def until_stored(self) -> None:
        await until(lambda: self.segments == [])

    async def chunks(self, task_id: str, attempt: int = 1) -> list[LogChunk]:
        chunks: list[LogChunk] = []
        while page := await self.store.read_logs(ORG, task_id, attempt=attempt, after=chunks[-1].seq if chunks else 0):
            chunks += page
        return chunks

    async def has(self, task_id: str, lines: list[str]) -> None:
        """Check that it passed with just these lines, numbered without gaps, proved, and published in order."""
        ended = await until_status(self.store, task_id)
        chunks = await self.chunks(task_id)
        assert "\n".join(chunk.text for chunk in chunks).split("\n") == lines
        assert [chunk.seq for chunk in chunks] == list(range(1, len(chunks) + 1))
        data = "".join(f"{line}\n" for line in lines).encode()
        assert ended.status is Status.PASSED
        sha256 = hashlib.sha256(data).hexdigest()
        assert ended.attempts[-1].output == OutputEnd(len(chunks), len(data), sha256, len(lines))
        assert [chunk.first_line for chunk in chunks] == list(accumulate((c.lines for c in chunks[:-1]), initial=1))
        events = [body for name, body in events_of(self.bus, task_id) if name == "execution-log"]
        assert [(body["seq"], body["log"]) for body in events] == [(chunk.seq, chunk.text) for chunk in chunks]

    def counted(self, name: str) -> float:
        [line] = [line for line in generate_latest(self.registry).decode().splitlines() if line.startswith(f"{name} ")]
        return float(line.split()[1])


@pytest.fixture
async def outage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Outage]:
    monkeypatch.setattr(log_writer, "LAST_RETRY_S", 0.1)
    async with open_store(f"sqlite://{tmp_path}/runcast.sqlite") as store:
        yield Outage(store, tmp_path)


def _numbers(last: int) -> list[str]:
    return ["begun", *map(str, range(1, last + 1))]


async def test_a_process_is_not_slowed_while_the_store_is_down(outage):
    """It ends while nothing can be stored; then all of it is, once, in order, and what was said of it holds."""
    with capture_logs() as logs:
        async with outage.runner():
            task_id = await outage.request("seq 400000")
            await outage.begin(task_id)
            await outage.until_ended()
            await outage.until_spilled(b'400000"')  # what is still on its way would be told of once more
            assert len(outage.spilled) > MAX_HELD_CHARACTERS * 4
            assert outage.counted("runcast_runner_spill_bytes") > 0
            assert await stored_output(outage.store, task_id) == ["begun"]
            outage.faulty.down = False
            await outage.has(task_id, _numbers(400_000))
            await until(lambda: any(line["event"] == STORED for line in logs))
    assert outage.counted("runcast_runner_spill_bytes") == 0
    assert outage.counted("runcast_runner_chunks_spilled_total") > 100
    told = [line for line in logs if "Output" in line["event"] or "output" in line["event"]]
    assert [(line["event"], line["log_level"]) for line in told] == [
        ("Output goes to disk", "warning"),
        (STORED, "info"),
    ]


async def test_what_is_printed_while_the_spill_empties_goes_behind_it(outage, tmp_path):
    """A process that prints on and on, through three outages."""
    stop, count = tmp_path / "stop", tmp_path / "count"
    async with outage.runner():
        task_id = await outage.request(f"n=0; while [ ! -e {stop} ]; do n=$((n+1)); echo $n; done; echo $n > {count}")
        await outage.begin(task_id)
        for _ in range(3):
            outage.faulty.down = True
            await outage.until_spilled(b"\n")
            begun = outage.counted("runcast_runner_chunks_spilled_total")
            await until(lambda begun=begun: outage.counted("runcast_runner_chunks_spilled_total") >= begun + 5)
            outage.faulty.down = False
            await outage.until_stored()
        stop.touch()
        await outage.until_ended()
        await outage.has(task_id, _numbers(int(count.read_text())))


async def test_a_full_spill_slows_the_process(outage):
    """As without one; nothing is lost, whatever the bound."""
    with capture_logs() as logs:
        async with outage.runner(RUNCAST_SPILL_MB="1"):
            task_id = await outage.request("seq 1000000")
            await outage.begin(task_id)
            await until(lambda: any(line["event"] == FULL for line in logs))
            with anyio.move_on_after(0.5):
                await outage.until_ended()
            assert not outage.ended.exists()
            assert 0 < len(outage.spilled) <= 1_000_000
            outage.faulty.down = False
            await outage.has(task_id, _numbers(1_000_000))
    assert len([line for line in logs if line["event"] == FULL]) == 1


async def test_no_secret_reaches_the_disk(outage):
    """Neither raw nor in base64, split over writes or not: what is spilled is masked."""
    secret, flagged = "p@ss/w0rd+1?x", "fl4gged value"
    printed = 'printf %s "$KEY" | cut -c1-5 | tr -d "\\n"; printf %s "$KEY" | cut -c6-; echo "$FLAG" | base64'
    command = f'echo "a $KEY b"; printf %s "x:$KEY" | base64; {printed}; echo last'
    variables = {"FLAG": {"value": flagged, "secret": True}}
    async with outage.runner():
        task_id = await outage.request(command, secrets={"KEY": secret}, envVars=variables)
        await outage.begin(task_id)
        await outage.until_spilled(b"last")
        on_disk = outage.spilled
        outage.faulty.down = False
        await until_status(outage.store, task_id)
    assert (await stored_output(outage.store, task_id))[:2] == ["begun", "a *** b"]
    assert b"a *** b" in on_disk
    for value in (secret, flagged):
        forms = [value, *(b64encode(f"{x}{value}".encode()).decode()[4:-4] for x in ("", "x:"))]
        assert not [form for form in forms if form.encode() in on_disk]


async def _lost(outage: Outage) -> str:
    """Let a process print three lines while the store is down, and its lease run out for good: as another attempt may
    begin then. That one prints nothing more."""
    command = f"{outage.once}; for n in 1 2 3; do echo $n; sleep 0.15; done; sleep 60"
    task_id = await outage.request(command, retryOnLoss=True)
    await outage.begin(task_id)
    await outage.until_spilled(b'"text":"3"')
    await until(lambda: outage.counted("runcast_runner_running") == 0)
    return task_id


async def test_what_was_spilled_before_the_lease_ran_out_is_stored(outage):
    """As output of the attempt that is lost, without a gap, and nobody is told of it live."""
    async with outage.runner(RUNCAST_LEASE_MS="2000"):
        task_id = await _lost(outage)
        outage.faulty.down = False
        await outage.until_stored()
        ended = await until_status(outage.store, task_id)
    chunks = await outage.chunks(task_id)
    assert [(chunk.seq, chunk.text) for chunk in chunks] == [(1, "begun"), (2, "1"), (3, "2"), (4, "3")]
    assert [(end.error, end.output is None) for end in ended.attempts] == [("runner lost", True), (None, False)]
    events = [body for name, body in events_of(outage.bus, task_id) if name == "execution-log"]
    assert [(body["attempt"], body["log"]) for body in events] == [(1, "begun"), (2, "begun")]


@pytest.mark.parametrize("again", [True, False], ids=["and requested again", "and no more"])
async def test_an_execution_that_was_deleted_gets_nothing(outage, again):
    """Nor does one that was requested since with the same task id, although its first attempt is attempt 1 as well."""
    with capture_logs() as logs:
        async with outage.runner(RUNCAST_LEASE_MS="2000"):
            task_id = await _lost(outage)
            await _deleted(outage.store, task_id)
            if again:
                await stored(outage.store, {"image": "local"}, task_id=task_id, pool="another", attempt=1)
            outage.faulty.down = False
            await outage.until_stored()
    assert await outage.chunks(task_id) == []
    assert sum(line["chunks"] for line in logs if "its execution is gone" in line["event"]) == 3


async def _deleted(store: Store, task_id: str) -> None:
    [expired] = await until(store.expired)
    await store.expire(ORG, task_id, expired.fence)
    await store.request_cancel(ORG, task_id)
    await store.delete_execution(ORG, task_id)


async def test_a_runner_that_starts_stores_first_what_it_left(outage, monkeypatch):
    """Before it hands back what it held; as long as the store does not answer, it waits."""
    monkeypatch.setattr(runner, "HAND_BACK_S", 0.1)
    monkeypatch.setattr(runner, "RETRY_S", 0.05)
    async with outage.runner(RUNCAST_KILL_GRACE="0"):
        task_id = await outage.request(f"seq 100000; {outage.once}; sleep 60")
        await outage.begin(task_id)
        await outage.until_spilled(b"\\n100000")
        await outage.until_once()
    left = [orjson.loads(line)["chunk"]["seq"] for line in outage.spilled.splitlines()]
    assert [chunk.text for chunk in await outage.chunks(task_id)] == ["begun"]
    outage.registry = CollectorRegistry()
    with capture_logs() as logs:
        async with outage.runner():
            await until(lambda: any(line["event"] == "Waiting for the store" for line in logs))
            release = outage.store.release
            stored_before: list[int] = []

            async def releasing(*arguments: Any) -> Any:
                stored_before.extend(chunk.seq for chunk in await outage.chunks(task_id))
                return await release(*arguments)

            monkeypatch.setattr(outage.store, "release", releasing)
            outage.faulty.down = False
            ended = await until_status(outage.store, task_id)
    assert (ended.status, ended.attempt) == (Status.PASSED, 2)
    assert stored_before[: len(left) + 1] == [1, *left]
    chunks = await outage.chunks(task_id)
    assert [chunk.seq for chunk in chunks] == list(range(1, len(chunks) + 1))
    assert "\n".join(chunk.text for chunk in chunks).split("\n") == _numbers(100_000)
    assert "\n".join(chunk.text for chunk in await outage.chunks(task_id, 2)).split("\n") == _numbers(100_000)
    assert outage.segments == []
