"""Stores the numbered output of all executions of a runner in common batches, then publishes it.

Lines wait in their execution's `ExecutionLog` and become numbered chunks when the writer takes them. While the store is
down they go to the spill, and as long as that is not empty everything goes behind what is there.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence

import anyio
import structlog

from runcast_core.bus.bus import Bus
from runcast_core.model.errors import BusUnavailable, StoreUnavailable
from runcast_core.model.events import execution_log
from runcast_core.model.executions import AttemptKey, Execution, LogChunk
from runcast_core.store.store import Store
from runcast_runner.metrics import RunnerMetrics
from runcast_runner.output.execution_log import ExecutionLog
from runcast_runner.output.spill import Spill, Spilled
from runcast_runner.output.stored_output import StoredOutput

log = structlog.get_logger()

INTERVAL_S = 0.1
FIRST_RETRY_S, LAST_RETRY_S = 0.1, 5.0
_Task = tuple[str, str]
_Owned = list[tuple[ExecutionLog, LogChunk]]
_Batch = Sequence[tuple[ExecutionLog | None, LogChunk]]


class LogWriter:
    """`run` stores what all logs hold in one batch, publishes it in order, then waits `INTERVAL_S` or until a log holds
    a full chunk, so that the first output after silence goes out at once. What is on disk is stored beside that."""

    def __init__(self, store: Store, bus: Bus, metrics: RunnerMetrics, spill: Spill, *, max_mb: int = 100) -> None:
        self._store = store
        self._bus = bus
        self._metrics = metrics
        self._spill = spill
        self._max_mb = max_mb
        self._logs: set[ExecutionLog] = set()
        self._some = anyio.Event()
        self._much = anyio.Event()
        metrics.spill_bytes.set_function(lambda: spill.size)

    def open(
        self,
        execution: Execution,
        may_write: Callable[[], bool],
        stored: StoredOutput | None = None,
        *,
        secrets: Iterable[str] = (),
    ) -> ExecutionLog:
        """Return the log of an attempt, of which something may be stored; `close` it in the end. `secrets` are masked
        beside those of its request."""
        opened = ExecutionLog(
            execution, self._filled, max_mb=self._max_mb, stored=stored, may_write=may_write, secrets=secrets
        )
        self._logs.add(opened)
        return opened

    def close(self, closed: ExecutionLog) -> None:
        self._logs.discard(closed)

    async def run(self) -> None:
        """Store and publish for ever."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._empty_spill)
            while True:
                await self._some.wait()
                self._some, self._much = anyio.Event(), anyio.Event()
                await self._flush()
                with anyio.move_on_after(INTERVAL_S):
                    await self._much.wait()

    async def store_spilled(self) -> None:
        """Store what is on disk, oldest first. Raises `StoreUnavailable`."""
        if self._spill.empty:
            return
        untold: set[_Task] = set()
        try:
            while not self._spill.empty:
                unpublished = await self._store_oldest()
                self._owe_resyncs(untold - unpublished)  # the others once no more of them follows
                untold = unpublished
        finally:
            self._owe_resyncs(untold)
        log.info("All output that was on disk is stored")

    def _filled(self, full: bool) -> None:
        self._some.set()
        if full:
            self._much.set()

    async def _flush(self) -> None:
        """Hand on what the logs hold, however long that takes, but nothing of an attempt that is lost by then."""
        delay = FIRST_RETRY_S
        taken = [(owner, chunk) for owner in list(self._logs) for chunk in owner.take()]
        while taken := self._not_lost(taken):
            if await self._handed_on(taken):
                return
            with anyio.move_on_after(delay):
                await self._spill.moved()
            delay = min(delay * 2, LAST_RETRY_S)

    def _not_lost(self, taken: _Owned) -> _Owned:
        """Leave out what is of lost attempts. A store that did not answer may have taken it."""
        self._owe_resyncs(_tasks(chunk for owner, chunk in taken if owner.abandoned))
        return [(owner, chunk) for owner, chunk in taken if not owner.abandoned]

    async def _handed_on(self, taken: _Owned) -> bool:
        """Store and publish it, or put it on disk; False if neither can be done now."""
        if not self._spill.empty or not _may_write(owner for owner, _ in taken):
            return await self._spilled(taken)
        try:
            await self._store_and_publish(taken)
        except StoreUnavailable as error:
            spilled = await self._spilled(taken)
            event = "Output goes to disk" if spilled else "Output held back"
            log.warning(event, chunks=len(taken), reason=error.message)
            return spilled
        return True

    async def _spilled(self, taken: _Owned) -> bool:
        added = await self._spill.add([Spilled(owner.execution.created_at, chunk) for owner, chunk in taken])
        if added:
            self._metrics.spilled.inc(len(taken))
        return added

    async def _empty_spill(self) -> None:
        delay = FIRST_RETRY_S
        while True:
            try:
                await self.store_spilled()
            except StoreUnavailable:
                await anyio.sleep(delay)
                delay = min(delay * 2, LAST_RETRY_S)
            else:
                delay = FIRST_RETRY_S
                await self._spill.moved()

    async def _store_oldest(self) -> set[_Task]:
        """Store one segment, remove it, and return of which executions it was not published. What is of an attempt that
        does not run here any more, as it is lost or of an earlier process, is only stored, and only while its execution
        is there: not one that was requested anew with its task id. As there are no transactions, a deletion and a new
        request exactly between that look and the write are not noticed."""
        segment = await self._spill.oldest()
        owners = {output.execution.attempt_key: output for output in self._logs if not output.abandoned}
        keys = {spilled.key for spilled in segment}
        if not _may_write(owners[key] for key in keys & owners.keys()):
            raise StoreUnavailable("a lease has to be renewed first")
        known = {key for key in keys if key in owners or await self._is_known(key)}
        batch = [(owners.get(spilled.key), spilled.chunk) for spilled in segment if spilled.key in known]
        if batch:
            await self._store_and_publish(batch)
        if left_out := len(segment) - len(batch):
            log.info("Output on disk left out, its execution is gone", chunks=left_out)
        await self._spill.drop()
        return _tasks(chunk for owner, chunk in batch if owner is None)

    async def _is_known(self, key: AttemptKey) -> bool:
        found = await self._store.summary(key.organization_id, key.task_id)
        return found is not None and found.created_at == key.created_at

    async def _store_and_publish(self, batch: _Batch) -> None:
        await self._stored([chunk for _, chunk in batch])
        await self._publish([(owner, chunk) for owner, chunk in batch if owner is not None])
        for owner, seq in {owner: chunk.seq for owner, chunk in batch}.items():
            if owner is not None:
                owner.settled(seq)

    async def _stored(self, chunks: list[LogChunk]) -> None:
        try:
            await self._store.append_logs(chunks)
        except anyio.get_cancelled_exc_class():
            self._owe_resyncs(_tasks(chunks))  # they may be stored all the same
            raise
        self._metrics.stored.inc(len(chunks))

    async def _publish(self, batch: _Owned) -> None:
        """Publish in order, but nothing of lost attempts, and nothing more once Redis does not answer. All of it is
        stored: the executions of what is left out are owed a `resync`."""
        left = deque(batch)
        untold: list[LogChunk] = []
        try:
            while left:
                owner, chunk = left[0]
                if owner.abandoned:
                    untold.append(chunk)
                else:
                    await self._bus.publish(chunk.organization_id, execution_log(chunk))
                left.popleft()
        except BusUnavailable as error:
            log.warning("Output stored but not published", chunks=len(left), reason=error.message)
        finally:
            untold += [chunk for _, chunk in left]
            self._metrics.unpublished.inc(len(untold))
            self._owe_resyncs(_tasks(untold))

    def _owe_resyncs(self, tasks: set[_Task]) -> None:
        for organization_id, task_id in tasks:
            self._bus.owe_resync(organization_id, task_id)


def _tasks(chunks: Iterable[LogChunk]) -> set[_Task]:
    return {(chunk.organization_id, chunk.task_id) for chunk in chunks}


def _may_write(owners: Iterable[ExecutionLog]) -> bool:
    return all(owner.may_write() for owner in owners)
