"""Stores the numbered output of all executions of a runner in common batches, then publishes it.

Lines wait in their execution's `ExecutionLog` and become numbered chunks when the writer takes them.
"""

from collections import defaultdict
from collections.abc import Callable

import anyio
import structlog

from runcast_core.bus import Bus
from runcast_core.clock import now_ms
from runcast_core.errors import BusUnavailable, StoreUnavailable
from runcast_core.events import execution_log
from runcast_core.executions import Execution, LogChunk
from runcast_core.store import Store
from runcast_runner.environment import secret_values
from runcast_runner.lines import LineDecoder
from runcast_runner.masking import Masker
from runcast_runner.metrics import RunnerMetrics

log = structlog.get_logger()

CHUNK_CHARACTERS = 16_384
INTERVAL_S = 0.1
MAX_HELD_CHARACTERS = 262_144
FIRST_RETRY_S, LAST_RETRY_S = 0.1, 5.0


class ExecutionLog:
    """The output of one attempt, from bytes to chunks. At most `MAX_HELD_CHARACTERS` and one write are held."""

    def __init__(self, execution: Execution, filled: Callable[[bool], None]) -> None:
        self.abandoned = False
        self.masker = Masker(secret_values(execution.request))
        self._execution = execution
        self._filled = filled
        self._decoders: defaultdict[int, LineDecoder] = defaultdict(lambda: LineDecoder(self.masker))
        self._lines: list[str] = []
        self._size = 0
        self._seq = 0
        self._in_flight = False
        self._moved = anyio.Event()

    async def write(self, data: bytes, stream: int = 0) -> None:
        """Take output cut anywhere; waits while too much is held, so that a fast writer is slowed, not buffered."""
        self._add(self._decoders[stream].feed(data))
        while self._size > MAX_HELD_CHARACTERS and not self.abandoned:
            await self._moved.wait()

    def finish(self) -> None:
        """Add the last line of each stream if no newline ended it."""
        for decoder in self._decoders.values():
            self._add(decoder.finish())

    async def drained(self) -> None:
        """Return once everything is stored and was published, or is abandoned."""
        while (self._lines or self._in_flight) and not self.abandoned:
            await self._moved.wait()

    def abandon(self) -> None:
        """Forget what is held, as the attempt is lost: not a chunk of it is stored or published from now on."""
        self.abandoned = True
        self._lines.clear()
        self._wake()

    def take(self) -> list[LogChunk]:
        """Return what is held as numbered chunks; `taken` must follow when they are stored and published."""
        lines, self._lines, self._size = self._lines, [], 0
        self._in_flight = bool(lines)
        return [self._chunk(text) for text in _joined(lines)]

    def taken(self) -> None:
        self._in_flight = False
        self._wake()

    def _add(self, lines: list[str]) -> None:
        if self.abandoned or not lines:
            return
        self._lines += lines
        self._size += sum(map(len, lines)) + len(lines)
        self._filled(self._size >= CHUNK_CHARACTERS)

    def _chunk(self, text: str) -> LogChunk:
        self._seq += 1
        owner = self._execution
        return LogChunk(owner.organization_id, owner.task_id, owner.attempt, self._seq, text, now_ms())

    def _wake(self) -> None:
        moved, self._moved = self._moved, anyio.Event()
        moved.set()


class LogWriter:
    """`run` stores what all logs hold in one batch, publishes it in order, then waits `INTERVAL_S` or until a log holds
    a full chunk, so that the first output after silence goes out at once."""

    def __init__(self, store: Store, bus: Bus, metrics: RunnerMetrics) -> None:
        self._store = store
        self._bus = bus
        self._metrics = metrics
        self._logs: set[ExecutionLog] = set()
        self._some = anyio.Event()
        self._much = anyio.Event()

    def open(self, execution: Execution) -> ExecutionLog:
        """Return the log of an attempt; `close` it in the end."""
        opened = ExecutionLog(execution, self._filled)
        self._logs.add(opened)
        return opened

    def close(self, closed: ExecutionLog) -> None:
        self._logs.discard(closed)

    async def run(self) -> None:
        """Store and publish for ever."""
        while True:
            await self._some.wait()
            self._some, self._much = anyio.Event(), anyio.Event()
            await self._flush()
            with anyio.move_on_after(INTERVAL_S):
                await self._much.wait()

    def _filled(self, full: bool) -> None:
        self._some.set()
        if full:
            self._much.set()

    async def _flush(self) -> None:
        logs = list(self._logs)
        batch = [(owner, chunk) for owner in logs for chunk in owner.take()]
        await self._store_patiently(batch)
        await self._publish(batch)
        for owner in logs:
            owner.taken()

    async def _store_patiently(self, batch: list[tuple[ExecutionLog, LogChunk]]) -> None:
        """Store the chunks, however long the store is away, but none of an attempt that is lost by then."""
        delay = FIRST_RETRY_S
        while chunks := [chunk for owner, chunk in batch if not owner.abandoned]:
            try:
                await self._store.append_logs(chunks)
            except StoreUnavailable as error:
                log.warning("Output held back, the store does not answer", chunks=len(chunks), reason=error.message)
                await anyio.sleep(delay)
                delay = min(delay * 2, LAST_RETRY_S)
            else:
                self._metrics.stored.inc(len(chunks))
                return

    async def _publish(self, batch: list[tuple[ExecutionLog, LogChunk]]) -> None:
        """Publish in order. Once Redis does not answer the rest is left out: it is stored, and seq shows the gap."""
        for number, (owner, chunk) in enumerate(batch):
            if owner.abandoned:
                continue
            try:
                await self._bus.publish(chunk.organization_id, execution_log(chunk))
            except BusUnavailable as error:
                self._metrics.unpublished.inc(len(batch) - number)
                log.warning("Output stored but not published", chunks=len(batch) - number, reason=error.message)
                return


def _joined(lines: list[str]) -> list[str]:
    """Join lines into texts of up to `CHUNK_CHARACTERS`, or of one longer line."""
    texts: list[str] = []
    batch: list[str] = []
    size = 0
    for line in lines:
        if batch and size + len(line) > CHUNK_CHARACTERS:
            texts.append("\n".join(batch))
            batch, size = [], 0
        batch.append(line)
        size += len(line) + 1
    return [*texts, "\n".join(batch)] if batch else texts
