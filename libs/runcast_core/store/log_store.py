"""The part of the store's interface that keeps output, and notes what was announced.

See `store.py` for what holds of every verb.
"""

from collections.abc import Sequence
from typing import Protocol

from runcast_core.model.executions import ExecutionSummary, LogChunk

PAGE_BYTES = 262_144
"""A page of output ends with the chunk that brings its texts to so many bytes of UTF-8."""


class LogStore(Protocol):
    """Output, and what was not announced yet."""

    async def append_logs(self, chunks: Sequence[LogChunk]) -> None:
        """Store chunks of any executions in one batch; one that is there already counts as stored."""
        ...

    async def append_external_log(self, organization_id: str, task_id: str, text: str, ts: int) -> LogChunk:
        """Number and store output that came through the callbacks, as attempt 0. Raises `NotFound`."""
        ...

    async def read_logs(
        self, organization_id: str, task_id: str, *, attempt: int, after: int = 0, limit: int = 1000
    ) -> list[LogChunk]:
        """Return up to `limit` chunks of an attempt with `seq` above `after`, in order: fewer where their texts reach
        `PAGE_BYTES` before, but at least one if there is any. Only an empty page says that there is no more."""
        ...

    async def unannounced(self, *, before: int, limit: int = 100) -> list[ExecutionSummary]:
        """Return executions whose newest state was not announced and is older than `before` (UTC milliseconds)."""
        ...

    async def announced(self, organization_id: str, task_id: str, rev: int) -> None:
        """Note that `rev` was published. A newer state stays unannounced."""
        ...
