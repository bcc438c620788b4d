"""The queue in the SQLite store: who waits, and who is claimed next. `slot` is unique, so limits are exact."""

import itertools
from collections.abc import Collection, Mapping
from typing import Any

import apsw
import orjson

from runcast_core.model.executions import Execution, ExecutionSummary, Source, Status
from runcast_core.store.listing import COUNTED
from runcast_core.store.sqlite import schema
from runcast_core.store.sqlite.access import SqliteAccess
from runcast_core.store.sqlite.rows import change, one, rows, tuples
from runcast_core.store.store import ANNOUNCE_GRACE_MS, DEFAULT_POOLS, Backlog

_BACKLOGS = f"""
SELECT p.organization_id, o.concurrency_limit,
    (SELECT count(*) FROM executions r WHERE r.organization_id = p.organization_id AND r.{schema.CLAIMED}
     AND r.runner_id IS NOT NULL) AS running
FROM (SELECT DISTINCT organization_id FROM executions WHERE status = 'PENDING' AND source = 'api'
      AND pool IN (%s)) p
LEFT JOIN organizations o ON o.organization_id = p.organization_id
LEFT JOIN queues q ON q.organization_id = p.organization_id
ORDER BY running, coalesce(q.served_at, 0), p.organization_id
"""  # noqa: S608 - constants
_TAKEN = f"SELECT slot FROM executions WHERE organization_id = ? AND {schema.CLAIMED} AND runner_id IS NOT NULL"  # noqa: S608
_FIRST = f"""
SELECT {schema.SUMMARY} FROM executions
WHERE status = 'PENDING' AND organization_id = ? AND source = ? AND pool = ?
AND (unannounced = 0 OR updated_at < {schema.NOW} - {ANNOUNCE_GRACE_MS})
ORDER BY priority DESC, created_at, task_id LIMIT 1
"""  # noqa: S608 - constants
_POOLS = """
SELECT DISTINCT pool FROM executions
WHERE organization_id = ? AND task_id IN (SELECT value FROM json_each(?)) AND +status = 'PENDING'
"""
_PLACES = f"""
SELECT task_id, place FROM (
    SELECT task_id, row_number() OVER (ORDER BY priority DESC, created_at, task_id) AS place FROM executions
    WHERE status = 'PENDING' AND organization_id = ? AND source = '{Source.API.value}' AND pool = ? LIMIT ?)
WHERE task_id IN (SELECT value FROM json_each(?))
"""  # noqa: S608 - a constant


class SqliteQueue(SqliteAccess):
    """See `runcast_core.store.store.ExecutionStore.queue_positions` and `LeaseStore`."""

    async def backlogs(self, pools: Collection[str] = DEFAULT_POOLS) -> list[Backlog]:
        sql = _BACKLOGS % ", ".join("?" * len(pools))
        found = await self._read(lambda c: rows(c, sql, *pools))
        return [Backlog(row["organization_id"], row["running"], row["concurrency_limit"]) for row in found]

    async def claim(
        self,
        organization_id: str,
        *,
        runner_id: str,
        lease_ms: int,
        limit: int,
        pools: Collection[str] = DEFAULT_POOLS,
    ) -> Execution | None:
        def job(connection: apsw.Connection) -> Execution | None:
            free = _free_slot(connection, organization_id, limit)
            known = _first(connection, organization_id, pools) if free else None
            if known is None:
                return None
            attempt = known.attempt + 1
            claimed = change(connection, known, status=Status.RUNNING, runner_id=runner_id, attempt=attempt, slot=free)
            prolong(connection, claimed.organization_id, claimed.task_id, lease_ms)
            _note_served(connection, organization_id)
            return claimed

        return await self._write(job)

    async def queue_positions(
        self, organization_id: str, task_ids: Collection[str], *, counted: int = COUNTED
    ) -> dict[str, int]:
        wanted = orjson.dumps(list(task_ids)).decode()

        def job(connection: apsw.Connection) -> dict[str, int]:
            pools = tuples(connection, _POOLS, organization_id, wanted)
            places = (tuples(connection, _PLACES, organization_id, pool, counted, wanted) for (pool,) in pools)
            return dict(itertools.chain.from_iterable(places))

        return await self._read(job)


def prolong(connection: apsw.Connection, organization_id: str, task_id: str, lease_ms: int) -> None:
    sql = f"UPDATE executions SET lease_until = {schema.NOW} + ? WHERE organization_id = ? AND task_id = ?"  # noqa: S608
    connection.execute(sql, (lease_ms, organization_id, task_id))


def _free_slot(connection: apsw.Connection, organization_id: str, limit: int) -> str | None:
    """Return a slot below the limit. Those above it count too: a limit may have been lowered while they ran."""
    taken = {row["slot"] for row in rows(connection, _TAKEN, organization_id)}
    if len(taken) >= limit:
        return None
    return next(slot for number in range(limit) if (slot := f"{organization_id}#{number}") not in taken)


def _first(connection: apsw.Connection, organization_id: str, pools: Collection[str]) -> ExecutionSummary | None:
    """Ask each pool for its first, as an index gives it: one question over several pools would sort all that waits."""
    found = [one(connection, _FIRST, organization_id, Source.API.value, pool) for pool in pools]
    first = min((row for row in found if row), key=_order, default=None)
    return schema.summary(first) if first else None


def _order(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return -row["priority"], row["created_at"], row["task_id"]


def _note_served(connection: apsw.Connection, organization_id: str) -> None:
    sql = f"INSERT INTO queues VALUES (?, {schema.NOW}) ON CONFLICT DO UPDATE SET served_at = excluded.served_at"  # noqa: S608
    connection.execute(sql, (organization_id,))
