"""The SQLite store's statistics. `statistics_tables.py` has what notes them."""

from collections.abc import Mapping
from typing import Any

import apsw

from runcast_core.model.executions import Status
from runcast_core.model.statistics import Activity, Bucket, Ended, Load, activity
from runcast_core.store.sqlite.access import SqliteAccess
from runcast_core.store.sqlite.rows import rows
from runcast_core.store.sqlite.statistics_tables import MINUTE

_ACTIVITY = f"""
SELECT now, l.waiting AS waiting_now, l.running AS running_now, a.*
FROM (SELECT {MINUTE} AS now) LEFT JOIN loads l ON l.organization_id = ? LEFT JOIN activity a USING (organization_id)
"""  # noqa: S608 - constants
"""One statement, so that all of it is of one moment; there is always a row."""
_ENDED = """
SELECT task_id, image, status, started_at, ended_at FROM executions
WHERE organization_id = ?{} AND ended_at >= ? AND ended_at < ? ORDER BY ended_at DESC, task_id DESC LIMIT ?
"""
_STATUSES = {status.value: status for status in Status}


class SqliteStatistics(SqliteAccess):
    """See `runcast_core.store.statistics_store.StatisticsStore`."""

    async def activity(self, organization_id: str) -> Activity:
        found = await self._read(lambda c: rows(c, _ACTIVITY, organization_id))
        now = Load(found[0]["waiting_now"] or 0, found[0]["running_now"] or 0)
        return activity(found[0]["now"], now, [_bucket(row) for row in found if row["minute"] is not None])

    async def ended(
        self, organization_id: str, *, since: int, until: int, image: str | None = None, limit: int
    ) -> list[Ended]:
        of_image: tuple[str, ...] = () if image is None else (image,)
        sql = _ENDED.format(" AND image = ?" if of_image else "")
        return await self._read(lambda c: _ends(c, sql, organization_id, *of_image, since, until, limit))


def remove_activity(connection: apsw.Connection, organization_id: str) -> None:
    """Remove what is kept of an organization that is deleted."""
    for table in ("loads", "activity"):
        connection.execute(f"DELETE FROM {table} WHERE organization_id = ?", (organization_id,))  # noqa: S608


def _bucket(row: Mapping[str, Any]) -> Bucket:
    first, most = Load(row["waiting"], row["running"]), Load(row["most_waiting"], row["most_running"])
    return Bucket(row["minute"], first, most)


def _ends(connection: apsw.Connection, sql: str, *values: Any) -> list[Ended]:
    """Read without a mapping for each row: there may be very many."""
    found = connection.execute(sql, values)
    return [Ended(task, image, _STATUSES[status], started, ended) for task, image, status, started, ended in found]
