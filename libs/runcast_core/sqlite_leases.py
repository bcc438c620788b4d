"""The runner's half of the SQLite store: claims, leases and fenced changes. `slot` is unique, so limits are exact."""

from typing import Any

import apsw

from runcast_core import sqlite_schema as schema
from runcast_core.errors import LeaseLost
from runcast_core.executions import Execution, Fence, Source, Status
from runcast_core.identifiers import execution_key
from runcast_core.sqlite_access import SqliteAccess
from runcast_core.sqlite_rows import change, one, rows
from runcast_core.store import ANNOUNCE_GRACE_MS, Backlog

_CLAIMED = "status IN ('RUNNING', 'ANALYZING')"
_FENCED = f"organization_id = ? AND task_id = ? AND runner_id = ? AND attempt = ? AND {_CLAIMED}"
_BACKLOGS = f"""
SELECT p.organization_id, o.concurrency_limit,
    (SELECT count(*) FROM executions r WHERE r.organization_id = p.organization_id AND r.{_CLAIMED}
     AND r.runner_id IS NOT NULL) AS running
FROM (SELECT DISTINCT organization_id FROM executions WHERE status = 'PENDING' AND source = 'api') p
LEFT JOIN organizations o ON o.organization_id = p.organization_id
LEFT JOIN queues q ON q.organization_id = p.organization_id
ORDER BY running, coalesce(q.served_at, 0), p.organization_id
"""  # noqa: S608 - constants
_TAKEN = f"SELECT slot FROM executions WHERE organization_id = ? AND {_CLAIMED} AND runner_id IS NOT NULL"  # noqa: S608
_OLDEST = f"""
SELECT * FROM executions WHERE status = 'PENDING' AND organization_id = ? AND source = ?
AND (unannounced = 0 OR updated_at < {schema.NOW} - {ANNOUNCE_GRACE_MS})
ORDER BY created_at, task_id LIMIT 1
"""  # noqa: S608 - constants


class SqliteLeases(SqliteAccess):
    """See `runcast_core.store.LeaseStore`."""

    async def backlogs(self) -> list[Backlog]:
        found = await self._read(lambda c: rows(c, _BACKLOGS))
        return [Backlog(row["organization_id"], row["running"], row["concurrency_limit"]) for row in found]

    async def claim(self, organization_id: str, *, runner_id: str, lease_ms: int, limit: int) -> Execution | None:
        def job(connection: apsw.Connection) -> Execution | None:
            free = _free_slot(connection, organization_id, limit)
            found = one(connection, _OLDEST, organization_id, Source.API.value) if free else None
            if found is None:
                return None
            known = schema.execution(found)
            attempt = known.attempt + 1
            claimed = change(connection, known, status=Status.RUNNING, runner_id=runner_id, attempt=attempt, slot=free)
            _prolong(connection, claimed.organization_id, claimed.task_id, lease_ms)
            _note_served(connection, organization_id)
            return claimed

        return await self._write(job)

    async def renew(self, organization_id: str, task_id: str, fence: Fence, *, lease_ms: int) -> bool:
        def job(connection: apsw.Connection) -> bool:
            held = _held(connection, organization_id, task_id, fence)
            _prolong(connection, organization_id, task_id, lease_ms)
            return held.cancel_requested

        return await self._write(job)

    async def transition(
        self,
        organization_id: str,
        task_id: str,
        fence: Fence,
        status: Status,
        *,
        error: str | None = None,
        exit_code: int | None = None,
    ) -> Execution:
        def job(connection: apsw.Connection) -> Execution:
            held = _held(connection, organization_id, task_id, fence)
            return change(connection, held, status=status, error=error, exit_code=exit_code)

        return await self._write(job)

    async def release(self, organization_id: str, task_id: str, fence: Fence) -> Execution:
        def job(connection: apsw.Connection) -> Execution:
            held = _held(connection, organization_id, task_id, fence)
            if held.cancel_requested:
                return change(connection, held, status=Status.CANCELLED)
            sql = "UPDATE executions SET runner_id = NULL, lease_until = NULL, started_at = NULL, slot = ? "
            sql += "WHERE organization_id = ? AND task_id = ?"
            connection.execute(sql, (execution_key(organization_id, task_id), organization_id, task_id))
            return change(connection, held, status=Status.PENDING)

        return await self._write(job)

    async def held_by(self, runner_id: str) -> list[Execution]:
        sql = f"SELECT * FROM executions WHERE runner_id = ? AND {_CLAIMED}"  # noqa: S608 - constants
        return [schema.execution(row) for row in await self._read(lambda c: rows(c, sql, runner_id))]

    async def expired(self, *, limit: int = 100) -> list[Execution]:
        sql = f"SELECT * FROM executions WHERE {_CLAIMED} AND lease_until < {schema.NOW} LIMIT ?"  # noqa: S608
        return [schema.execution(row) for row in await self._read(lambda c: rows(c, sql, limit))]

    async def expire(self, organization_id: str, task_id: str, fence: Fence) -> Execution | None:
        def job(connection: apsw.Connection) -> Execution | None:
            sql = f"SELECT * FROM executions WHERE {_FENCED} AND lease_until < {schema.NOW}"  # noqa: S608 - constants
            found = one(connection, sql, organization_id, task_id, fence.runner_id, fence.attempt)
            if found is None:
                return None
            return change(connection, schema.execution(found), status=Status.ERROR, error="runner lost")

        return await self._write(job)


def _free_slot(connection: apsw.Connection, organization_id: str, limit: int) -> str | None:
    """Return a slot below the limit. Those above it count too: a limit may have been lowered while they ran."""
    taken = {row["slot"] for row in rows(connection, _TAKEN, organization_id)}
    if len(taken) >= limit:
        return None
    return next(slot for number in range(limit) if (slot := f"{organization_id}#{number}") not in taken)


def _held(connection: apsw.Connection, organization_id: str, task_id: str, fence: Fence) -> Execution:
    sql = f"SELECT * FROM executions WHERE {_FENCED}"  # noqa: S608 - constants
    found: dict[str, Any] | None = one(connection, sql, organization_id, task_id, fence.runner_id, fence.attempt)
    if found is None:
        raise LeaseLost("the execution has ended or is no longer this runner's")
    return schema.execution(found)


def _prolong(connection: apsw.Connection, organization_id: str, task_id: str, lease_ms: int) -> None:
    sql = f"UPDATE executions SET lease_until = {schema.NOW} + ? WHERE organization_id = ? AND task_id = ?"  # noqa: S608
    connection.execute(sql, (lease_ms, organization_id, task_id))


def _note_served(connection: apsw.Connection, organization_id: str) -> None:
    sql = f"INSERT INTO queues VALUES (?, {schema.NOW}) ON CONFLICT DO UPDATE SET served_at = excluded.served_at"  # noqa: S608
    connection.execute(sql, (organization_id,))
