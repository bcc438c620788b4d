"""The SQLite store's output, in a table of its own, and what was not announced yet."""

from collections.abc import Sequence
from typing import Any

import apsw

from runcast_core.model.errors import NotFound
from runcast_core.model.executions import ExecutionSummary, LogChunk
from runcast_core.store.log_store import BEGINNING, PAGE_BYTES, Place, unbroken
from runcast_core.store.sqlite.access import SqliteAccess
from runcast_core.store.sqlite.rows import chunks_until, fields, insert, state, summaries, tuples

_OF_ATTEMPT = "FROM log_chunks WHERE organization_id = ? AND task_id = ? AND attempt = ?"
_AFTER = f"SELECT * {_OF_ATTEMPT} AND seq > ? ORDER BY seq LIMIT ?"
_BEFORE = f"SELECT * {_OF_ATTEMPT} AND seq < ? ORDER BY seq DESC LIMIT ?"
_LAST = f"SELECT seq, first_line, lines {_OF_ATTEMPT} ORDER BY seq DESC LIMIT 1"
_OF_LINE = f"SELECT seq, first_line, lines {_OF_ATTEMPT} AND first_line <= ? ORDER BY first_line DESC LIMIT 1"
_COUNTS = f"SELECT seq, lines {_OF_ATTEMPT} AND seq > ? ORDER BY seq LIMIT ?"
_BEYOND_ALL = 2**63 - 1


class SqliteLogs(SqliteAccess):
    """See `runcast_core.store.log_store.LogStore`."""

    async def append_logs(self, chunks: Sequence[LogChunk]) -> None:
        values = [tuple(_row(chunk).values()) for chunk in chunks]
        sql = (
            "INSERT INTO log_chunks (organization_id, task_id, attempt, seq, text, ts, stderr, first_line, lines) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        )
        await self._write(lambda c: c.executemany(sql, values).close())

    async def append_external_log(self, organization_id: str, task_id: str, text: str, ts: int) -> LogChunk:
        def job(connection: apsw.Connection) -> LogChunk:
            if state(connection, organization_id, task_id) is None:
                raise NotFound("no such execution")
            found = tuples(connection, _LAST, organization_id, task_id, 0)
            last = Place(*found[0]) if found else BEGINNING
            chunk = LogChunk(organization_id, task_id, 0, last.seq + 1, text, ts, first_line=last.next_line())
            insert(connection, "log_chunks", _row(chunk))
            return chunk

        return await self._write(job)

    async def read_logs(
        self, organization_id: str, task_id: str, *, attempt: int, after: int = 0, limit: int = 1000
    ) -> list[LogChunk]:
        values = organization_id, task_id, attempt, after, limit
        return await self._read(lambda c: chunks_until(c, PAGE_BYTES, _AFTER, *values))

    async def read_logs_before(
        self, organization_id: str, task_id: str, *, attempt: int, before: int | None = None, limit: int = 1000
    ) -> list[LogChunk]:
        values = organization_id, task_id, attempt, _BEYOND_ALL if before is None else before, limit
        return (await self._read(lambda c: chunks_until(c, PAGE_BYTES, _BEFORE, *values)))[::-1]

    async def chunk_of_line(self, organization_id: str, task_id: str, *, attempt: int, line: int) -> Place | None:
        found = await self._read(lambda c: tuples(c, _OF_LINE, organization_id, task_id, attempt, line))
        return Place(*found[0]) if found else None

    async def line_counts(
        self, organization_id: str, task_id: str, *, attempt: int, after: int = 0, limit: int = 1000
    ) -> list[int | None]:
        values = organization_id, task_id, attempt, after, limit
        return await self._read(lambda c: unbroken(tuples(c, _COUNTS, *values), after))

    async def unannounced(self, *, before: int, limit: int = 100) -> list[ExecutionSummary]:
        rest = "WHERE unannounced = 1 AND updated_at < ? ORDER BY updated_at LIMIT ?"
        return await self._read(lambda c: summaries(c, rest, before, limit))

    async def announced(self, organization_id: str, task_id: str, rev: int) -> None:
        sql = "UPDATE executions SET unannounced = 0 WHERE organization_id = ? AND task_id = ? AND rev = ?"
        await self._write(lambda c: c.execute(sql, (organization_id, task_id, rev)).close())


def _row(chunk: LogChunk) -> dict[str, Any]:
    return fields(chunk) | {"lines": chunk.lines}
