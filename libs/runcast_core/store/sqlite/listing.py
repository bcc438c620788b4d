"""The SQLite store's lists of executions, along an index of the newest: of all, or of those that have not ended.

The latter hold no others, however long the history is, and however many wait.
"""

from typing import Any

from runcast_core.model.executions import CLAIMED, LIVE, ExecutionSummary, Status
from runcast_core.store.listing import EVERY, LOOKED_AT, Position, Wanted
from runcast_core.store.sqlite import schema
from runcast_core.store.sqlite.access import SqliteAccess
from runcast_core.store.sqlite.rows import rows, summaries

_ORDER = "ORDER BY created_at DESC, task_id DESC"
_COUNTS = f"""
SELECT '{Status.PENDING.value}' AS status, waiting AS found FROM loads WHERE organization_id = ?1 AND waiting > 0
UNION ALL SELECT status, count(*) FROM executions INDEXED BY executions_queued
WHERE {schema.CLAIMED} AND organization_id = ?1 GROUP BY status
"""  # noqa: S608 - constants
"""Hundreds of thousands may wait: triggers count them."""
_Clause = tuple[str, tuple[Any, ...]]


class SqliteListing(SqliteAccess):
    """See `runcast_core.store.store.ExecutionStore`."""

    async def executions(
        self,
        organization_id: str,
        wanted: Wanted = EVERY,
        *,
        after: Position | None = None,
        down_to: Position | None = None,
        limit: int = 50,
    ) -> list[ExecutionSummary]:
        rest, values = _joined(wanted, _way(organization_id, wanted, after, down_to) + _sieve(wanted))
        return await self._read(lambda c: summaries(c, f"{rest} {_ORDER} LIMIT ?", *values, limit))

    async def horizon(
        self, organization_id: str, wanted: Wanted, *, after: Position | None = None, looked_at: int = LOOKED_AT
    ) -> Position | None:
        if not wanted.sifted:
            return None
        rest, values = _joined(wanted, _way(organization_id, wanted, after))
        sql = f"SELECT created_at, task_id FROM executions {rest} {_ORDER} LIMIT 2 OFFSET ?"  # noqa: S608 - constants
        found = await self._read(lambda c: rows(c, sql, *values, looked_at - 1))
        return Position(**found[0]) if len(found) > 1 else None

    async def live_counts(self, organization_id: str) -> dict[Status, int]:
        found = await self._read(lambda c: rows(c, _COUNTS, organization_id))
        return {Status(row["status"]): row["found"] for row in found}


def _way(
    organization_id: str, wanted: Wanted, after: Position | None, down_to: Position | None = None
) -> list[_Clause]:
    """Return what an index answers: where the list begins and ends, and of which executions it is."""
    clauses: list[_Clause] = [("organization_id = ?", (organization_id,))]
    _, condition = _index(wanted)
    if condition:
        clauses.append((condition, ()))
    if (first := wanted.begin(after)) is not None:
        clauses.append(("(created_at, task_id) < (?, ?)", (first.created_at, first.task_id)))
    if (last := wanted.end(down_to)) is not None:
        clauses.append(("(created_at, task_id) >= (?, ?)", (last.created_at, last.task_id)))
    return clauses


def _sieve(wanted: Wanted) -> list[_Clause]:
    """Return what each execution on the way is looked at for."""
    statuses = [status.value for status in wanted.statuses]
    folded = None if wanted.text is None else wanted.text.casefold()
    prefix = wanted.image_prefix
    asked: list[tuple[object, str, tuple[Any, ...]]] = [
        (statuses or None, f"+status IN ({', '.join('?' * len(statuses))})", tuple(statuses)),
        (wanted.image, "image = ?", (wanted.image,)),
        (prefix, "substr(image, 1, length(?)) = ?", (prefix, prefix)),
        (wanted.requested_by, "requested_by = ?", (wanted.requested_by,)),
        (wanted.pool, "pool = ?", (wanted.pool,)),
        (folded, "(instr(casefold(task_id), ?) OR instr(casefold(image), ?))", (folded, folded)),
    ]
    return [(text, values) for given, text, values in asked if given is not None]


def _joined(wanted: Wanted, clauses: list[_Clause]) -> tuple[str, list[Any]]:
    index, _ = _index(wanted)
    where = " AND ".join(text for text, _ in clauses)
    return f"INDEXED BY {index} WHERE {where}", [value for _, values in clauses for value in values]


def _index(wanted: Wanted) -> tuple[str, str]:
    """Return the smallest index that has all that is wanted, and the condition of what is in it."""
    if wanted.statuses and wanted.statuses <= CLAIMED:
        return "executions_claimed", schema.CLAIMED
    if wanted.statuses and wanted.statuses <= LIVE:
        return "executions_live", schema.LIVE
    return "executions_newest", ""
