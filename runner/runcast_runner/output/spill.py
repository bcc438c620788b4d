"""Output on disk while the store is down: first in, first out, in segments that are removed once they are stored.

It is what would be stored, so masked, in files that only their user can read. It outlives its process, but as nothing
is synced, not a loss of power.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import anyio
import orjson
import structlog

from runcast_core.model.errors import StoreUnavailable
from runcast_core.model.executions import AttemptKey, LogChunk

log = structlog.get_logger()

SEGMENT_BYTES = 1_048_576
_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND
_NAMES = f"{'[0-9]' * 12}.jsonl"


@dataclass(frozen=True, slots=True)
class Spilled:
    """A chunk, and when its execution was created."""

    created_at: int
    chunk: LogChunk

    @property
    def key(self) -> AttemptKey:
        return AttemptKey(self.chunk.organization_id, self.chunk.task_id, self.chunk.attempt, self.created_at)


class Spill:
    """Segments in `folder`, of `max_bytes` together; it begins with those that are there. A line of JSON is a chunk.
    One task may add while another takes."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._sizes = {path: path.stat().st_size for path in sorted(folder.glob(_NAMES))} if max_bytes else {}
        self._last = max((int(path.stem) for path in self._sizes), default=0)
        self._growing: Path | None = None
        self._warned: set[str] = set()
        self._busy = anyio.Lock()
        self._moved = anyio.Event()

    @property
    def empty(self) -> bool:
        return not self._sizes

    @property
    def size(self) -> int:
        """In bytes."""
        return sum(self._sizes.values())

    async def moved(self) -> None:
        """Wait until something is added or dropped."""
        await self._moved.wait()

    async def add(self, spilled: Sequence[Spilled]) -> bool:
        """Put the chunks behind those that are there; False, and none of them, where the bound or the disk forbids."""
        if not self._max_bytes:
            return False
        async with self._busy:
            added = await anyio.to_thread.run_sync(self._add, spilled)
        if added:
            self._wake()
        return added

    async def oldest(self) -> list[Spilled]:
        """Return the oldest segment, to which nothing is added from now on. Raises `StoreUnavailable` if it cannot be
        read: it, and what is behind it, has to wait."""
        async with self._busy:
            return await anyio.to_thread.run_sync(self._read)

    async def drop(self) -> None:
        """Remove the oldest segment."""
        async with self._busy:
            await anyio.to_thread.run_sync(self._remove)
        self._wake()

    def _add(self, spilled: Sequence[Spilled]) -> bool:
        data = b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in spilled)
        if self.size + len(data) > self._max_bytes:
            self._warn("Output held back, there is no room for it on disk", bytes=self.size)
            return False
        try:
            self._append(data)
        except OSError as exc:
            self._warn("Output held back, the disk does not take it", reason=exc.strerror)
            return False
        return True

    def _append(self, data: bytes) -> None:
        segment = self._growing or self._folder / f"{self._last + 1:012}.jsonl"
        before = self._sizes.get(segment, 0)
        try:
            with os.fdopen(os.open(segment, _APPEND if before else _APPEND | os.O_TRUNC, 0o600), "wb") as file:
                file.write(data)
        except OSError:
            self._growing = None  # whatever is now at its end, nothing is put behind it
            with suppress(OSError):
                os.truncate(segment, before)
            raise
        self._last = int(segment.stem)
        self._sizes[segment] = before + len(data)
        self._growing = segment if self._sizes[segment] < SEGMENT_BYTES else None

    def _read(self) -> list[Spilled]:
        segment = next(iter(self._sizes))
        if segment == self._growing:
            self._growing = None
        try:
            *lines, _cut_short = segment.read_bytes().split(b"\n")
        except OSError as exc:
            raise StoreUnavailable(f"output on disk cannot be read: {segment} ({exc.strerror})") from exc
        return [spilled for line in lines if (spilled := _spilled(line, segment))]

    def _remove(self) -> None:
        segment = next(iter(self._sizes))
        del self._sizes[segment]
        if self.empty:
            self._warned.clear()
        try:
            segment.unlink(missing_ok=True)
        except OSError as exc:
            self._warn("Output on disk was stored but cannot be removed", reason=exc.strerror)

    def _warn(self, event: str, **told: object) -> None:
        """Say it once until the spill is empty again."""
        if event not in self._warned:
            self._warned.add(event)
            log.warning(event, folder=str(self._folder), **told)

    def _wake(self) -> None:
        moved, self._moved = self._moved, anyio.Event()
        moved.set()


def _spilled(line: bytes, segment: Path) -> Spilled | None:
    try:
        loaded = orjson.loads(line)
        chunk = loaded["chunk"]
        stderr = tuple((first, count) for first, count in chunk.pop("stderr"))
        return Spilled(loaded["created_at"], LogChunk(**chunk, stderr=stderr))
    except (ValueError, TypeError, KeyError):
        log.warning("Output on disk is damaged, a chunk of it is lost", path=str(segment))
        return None
