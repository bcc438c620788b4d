"""One attempt's output in the store, as calls read it."""

from dataclasses import dataclass

from starlette.requests import Request

from runcast_api.http import queries
from runcast_core.model.executions import ExecutionSummary, LogChunk
from runcast_core.store.log_store import LogStore, Place

MAX_SEQ = 2**53
"""Larger numbers are not whole to every client."""


@dataclass(frozen=True, slots=True)
class Output:
    """One attempt's output in the store."""

    store: LogStore
    organization_id: str
    task_id: str
    attempt: int

    async def read(self, after: int, limit: int) -> list[LogChunk]:
        return await self.store.read_logs(
            self.organization_id, self.task_id, attempt=self.attempt, after=after, limit=limit
        )

    async def read_before(self, before: int | None, limit: int) -> list[LogChunk]:
        return await self.store.read_logs_before(
            self.organization_id, self.task_id, attempt=self.attempt, before=before, limit=limit
        )

    async def chunk_of_line(self, line: int) -> Place | None:
        return await self.store.chunk_of_line(self.organization_id, self.task_id, attempt=self.attempt, line=line)

    async def line_counts(self, after: int, limit: int) -> list[int | None]:
        return await self.store.line_counts(
            self.organization_id, self.task_id, attempt=self.attempt, after=after, limit=limit
        )

    async def goes_on(self, last: int) -> bool:
        """Tell whether there is more after a page's `last` chunk. The store bounds a page's size too, so a page that is
        not full may yet have one after it."""
        return bool(await self.read(last, 1))


def output_of(request: Request, execution: ExecutionSummary) -> Output:
    """Return the output of the attempt that the query names, else of the newest."""
    attempt = queries.integer(request, "attempt", execution.attempt, minimum=0, maximum=1_000_000)
    return Output(request.app.state.store, execution.organization_id, execution.task_id, attempt)


def seq_after(request: Request) -> int:
    """Return the query's `after`."""
    return queries.integer(request, "after", 0, minimum=0, maximum=MAX_SEQ)
