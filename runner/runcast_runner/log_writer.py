"""Stores the numbered output of all executions of a runner in common batches, then publishes it."""

from collections.abc import Awaitable, Callable

import anyio
import structlog
from runcast_core.bus import Bus
from runcast_core.clock import now_ms
from runcast_core.errors import BusUnavailable, StoreUnavailable
from runcast_core.events import execution_log
from runcast_core.executions import Execution, LogChunk
from runcast_core.store import Store

from runcast_runner.lines import LineDecoder

log = structlog.get_logger()

CHUNK_CHARACTERS = 16_384
INTERVAL_S = 0.1
MAX_PENDING_CHUNKS = 256
RETRY_S = 0.5


class LogWriter:
    """Takes chunks of any execution; `run` stores what is there together, publishes it in order, and waits
    `INTERVAL_S` before it looks again, so that the first output after silence goes out at once."""

    def __init__(self, store: Store, bus: Bus) -> None:
        self._store = store
        self._bus = bus
        self._pending: list[LogChunk] = []
        self._filled = anyio.Event()
        self._stored = anyio.Event()

    async def put(self, chunk: LogChunk) -> None:
        """Queue a chunk; waits while too many are queued, so that a fast container is slowed and not buffered."""
        while len(self._pending) >= MAX_PENDING_CHUNKS:
            await self._stored.wait()
        self._pending.append(chunk)
        self._filled.set()

    async def drained(self, execution: Execution) -> None:
        """Return once everything queued for the execution's attempt is stored and published."""
        key = execution.organization_id, execution.task_id, execution.attempt
        while any((c.organization_id, c.task_id, c.attempt) == key for c in self._pending):
            await self._stored.wait()

    def discard(self, execution: Execution) -> None:
        """Forget what is queued for an attempt that is lost."""
        key = execution.organization_id, execution.task_id, execution.attempt
        self._pending = [c for c in self._pending if (c.organization_id, c.task_id, c.attempt) != key]

    async def run(self) -> None:
        """Store and publish for ever; while the store does not answer, the same chunks are tried again."""
        while True:
            await self._filled.wait()
            self._filled = anyio.Event()
            batch = list(self._pending)
            await self._store_patiently(batch)
            await self._publish(batch)
            taken = set(map(id, batch))
            self._pending = [chunk for chunk in self._pending if id(chunk) not in taken]
            stored, self._stored = self._stored, anyio.Event()
            stored.set()
            await anyio.sleep(INTERVAL_S)

    async def _store_patiently(self, batch: list[LogChunk]) -> None:
        while True:
            try:
                await self._store.append_logs(batch)
            except StoreUnavailable as error:
                log.warning("Output held back, the store does not answer", chunks=len(batch), reason=error.message)
                await anyio.sleep(RETRY_S)
            else:
                return

    async def _publish(self, batch: list[LogChunk]) -> None:
        for chunk in batch:
            try:
                await self._bus.publish(chunk.organization_id, execution_log(chunk))
            except BusUnavailable as error:
                log.warning("Output stored but not published", task=chunk.task_id, reason=error.message)
                return


class Output:
    """The output of one attempt: decodes, collects lines until they make a chunk, and numbers the chunks."""

    def __init__(self, execution: Execution, put: Callable[[LogChunk], Awaitable[None]]) -> None:
        self._execution = execution
        self._put = put
        self._decoder = LineDecoder()
        self._seq = 0

    async def write(self, data: bytes) -> None:
        await self._emit(self._decoder.feed(data))

    async def finish(self) -> None:
        await self._emit(self._decoder.finish())

    async def _emit(self, lines: list[str]) -> None:
        batch: list[str] = []
        size = 0
        for line in lines:
            if batch and size + len(line) > CHUNK_CHARACTERS:
                await self._chunk(batch)
                batch, size = [], 0
            batch.append(line)
            size += len(line) + 1
        if batch:
            await self._chunk(batch)

    async def _chunk(self, lines: list[str]) -> None:
        self._seq += 1
        owner = self._execution
        text = "\n".join(lines)
        await self._put(LogChunk(owner.organization_id, owner.task_id, owner.attempt, self._seq, text, now_ms()))
