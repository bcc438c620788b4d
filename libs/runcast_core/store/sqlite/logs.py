"""The SQLite store's output, in a table of its own, and what was not announced yet."""

from collections.abc import Sequence

import apsw

from runcast_core.model.errors import NotFound
from runcast_core.model.executions import ExecutionSummary, LogChunk
from runcast_core.store.log_store import PAGE_BYTES
from runcast_core.store.sqlite.access import SqliteAccess
from runcast_core.store.sqlite.rows import chunks_until, fields, insert, one, state, summaries


class SqliteLogs(SqliteAccess):
    """See `runcast_core.store.log_store.LogStore`."""

    async def append_logs(self, chunks: Sequence[LogChunk]) -> None:
        values = [tuple(fields(chunk).values()) for chunk in chunks]
        sql = (
            "INSERT INTO log_chunks (organization_id, task_id, attempt, seq, text, ts, stderr) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
        )
        await self._write(lambda c: c.executemany(sql, values).close())

    async def append_external_log(self, organization_id: str, task_id: str, text: str, ts: int) -> LogChunk:
        def job(connection: apsw.Connection) -> LogChunk:
            if state(connection, organization_id, task_id) is None:
                raise NotFound("no such execution")
            sql = (
                "SELECT coalesce(max(seq), 0) AS last FROM log_chunks "
                "WHERE organization_id = ? AND task_id = ? AND attempt = 0"
            )
            last = one(connection, sql, organization_id, task_id)
            chunk = LogChunk(organization_id, task_id, 0, last["last"] + 1 if last else 1, text, ts)
            insert(connection, "log_chunks", fields(chunk))
            return chunk

        return await self._write(job)

    async def read_logs(
        self, organization_id: str, task_id: str, *, attempt: int, after: int = 0, limit: int = 1000
    ) -> list[LogChunk]:
        sql = (
            "SELECT * FROM log_chunks WHERE organization_id = ? AND task_id = ? AND attempt = ? AND seq > ? "
            "ORDER BY seq LIMIT ?"
        )
        values = organization_id, task_id, attempt, after, limit
        return await self._read(lambda c: chunks_until(c, PAGE_BYTES, sql, *values))

    async def unannounced(self, *, before: int, limit: int = 100) -> list[ExecutionSummary]:
        rest = "WHERE unannounced = 1 AND updated_at < ? ORDER BY updated_at LIMIT ?"
        return await self._read(lambda c: summaries(c, rest, before, limit))

    async def announced(self, organization_id: str, task_id: str, rev: int) -> None:
        sql = "UPDATE executions SET unannounced = 0 WHERE organization_id = ? AND task_id = ? AND rev = ?"
        await self._write(lambda c: c.execute(sql, (organization_id, task_id, rev)).close())
