"""Removes old executions from the SQLite store, each step within one short transaction."""

import apsw

from runcast_core.model.executions import TERMINAL
from runcast_core.store.sqlite import schema
from runcast_core.store.sqlite.access import SqliteAccess
from runcast_core.store.sqlite.rows import one, remove

_TERMINAL = ", ".join(f"'{status}'" for status in sorted(TERMINAL))
_NEXT = "SELECT min(organization_id) AS next FROM executions WHERE organization_id > ?"
_OLD = f"""
SELECT task_id FROM executions
WHERE organization_id = ? AND created_at < ? AND ended_at < ? AND status IN ({_TERMINAL})
    AND (lease_until IS NULL OR lease_until < {schema.NOW})
ORDER BY created_at, task_id LIMIT 1
"""  # noqa: S608 - constants
_CHUNKS = """
DELETE FROM log_chunks WHERE id IN
    (SELECT id FROM log_chunks WHERE organization_id = ? AND task_id = ? ORDER BY attempt, seq LIMIT ?)
"""


class SqliteRetention(SqliteAccess):
    """See `runcast_core.store.store.RetentionStore`."""

    async def organization_after(self, organization_id: str) -> str | None:
        row = await self._read(lambda c: one(c, _NEXT, organization_id))
        return row["next"] if row else None

    async def purge(self, organization_id: str, *, before: int, limit: int = 500) -> bool:
        def job(connection: apsw.Connection) -> bool:
            old = one(connection, _OLD, organization_id, before, before)
            if old is None:
                return False
            key = organization_id, old["task_id"]
            connection.execute(_CHUNKS, (*key, limit))
            if connection.changes() < limit:
                remove(connection, *key)
            return True

        return await self._write(job)
