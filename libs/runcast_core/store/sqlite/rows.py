"""Reading and changing single rows of the SQLite store, inside a transaction of the caller."""

from collections.abc import Generator
from contextlib import closing
from typing import Any

import apsw

from runcast_core.model.accounts import Organization, User
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import Credential, PageSession
from runcast_core.model.executions import Execution, ExecutionSummary, LogChunk, Phase, Status, canonical, utf8_bytes
from runcast_core.model.identifiers import execution_key
from runcast_core.store.sqlite import schema

_OF_ONE = "organization_id = ? AND task_id = ?"


def rows(connection: apsw.Connection, sql: str, *values: Any) -> list[dict[str, Any]]:
    """Return the rows as mappings from column to value."""
    return list(_each(connection, sql, values))


def tuples(connection: apsw.Connection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows as they are, where there may be thousands of them."""
    return connection.execute(sql, values).fetchall()


def chunks_until(connection: apsw.Connection, size: int, sql: str, *values: Any) -> list[LogChunk]:
    """Return chunks up to the one that brings their texts to so many bytes of UTF-8; no further one is read."""
    found, length = [], 0
    with closing(_each(connection, sql, values)) as each:
        for chunk in map(schema.chunk, each):
            found.append(chunk)
            length += utf8_bytes(chunk.text)
            if length >= size:
                break
    return found


def one(connection: apsw.Connection, sql: str, *values: Any) -> dict[str, Any] | None:
    found = rows(connection, sql, *values)
    return found[0] if found else None


def fields(record: Organization | User | Execution | LogChunk | Credential | PageSession) -> dict[str, Any]:
    """Return a record's fields, which have the names of the columns."""
    return {name: schema.column(getattr(record, name)) for name in record.__match_args__}


def find(connection: apsw.Connection, organization_id: str, task_id: str) -> Execution | None:
    return whole(connection, _OF_ONE, organization_id, task_id)


def whole(connection: apsw.Connection, condition: str, *values: Any) -> Execution | None:
    """Return the execution for which the condition is true, with its request."""
    sql = f"SELECT * FROM executions JOIN requests USING (organization_id, task_id) WHERE {condition}"  # noqa: S608
    row = one(connection, sql, *values)
    return schema.execution(row) if row else None


def state(connection: apsw.Connection, organization_id: str, task_id: str) -> ExecutionSummary | None:
    """Return what `find` returns without its request, which is not read."""
    found = summaries(connection, f"WHERE {_OF_ONE}", organization_id, task_id)
    return found[0] if found else None


def summaries(connection: apsw.Connection, rest: str, *values: Any) -> list[ExecutionSummary]:
    """Return the executions that the `rest` of the statement, from its WHERE on, asks for; no request is read."""
    sql = f"SELECT {schema.SUMMARY} FROM executions {rest}"  # noqa: S608 - own names
    return [schema.summary(row) for row in rows(connection, sql, *values)]


def insert(connection: apsw.Connection, table: str, row: dict[str, Any]) -> None:
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))  # noqa: S608


def add(connection: apsw.Connection, execution: Execution) -> None:
    """Insert an execution, idle and unannounced, and its request."""
    key = {"organization_id": execution.organization_id, "task_id": execution.task_id}
    state = fields(execution)
    request = canonical(state.pop("request"))
    state |= {"cancel_requested": int(execution.cancel_requested), "slot": execution_key(**key)}
    insert(connection, "executions", state)
    insert(connection, "requests", {**key, "request": request})


def remove(connection: apsw.Connection, organization_id: str, task_id: str) -> None:
    """Delete an execution and its request."""
    for table in ("requests", "executions"):
        connection.execute(f"DELETE FROM {table} WHERE {_OF_ONE}", (organization_id, task_id))  # noqa: S608 - constants


def change(
    connection: apsw.Connection,
    known: ExecutionSummary,
    *,
    status: Status,
    phase: Phase | None = None,
    keep_lease: bool = False,
    **columns: Any,
) -> Execution:
    """Give an execution its next state: `rev` rises, it is unannounced, and a terminal state frees its slot and, unless
    told otherwise, ends its lease. It has this phase, or none; another column whose value is None stays as it is."""
    now = now_ms()
    values = {name: value for name, value in columns.items() if value is not None}
    values |= {"status": status.value, "rev": known.rev + 1, "updated_at": now, "unannounced": 1}
    values["phase"] = schema.column(phase)
    if status is not Status.PENDING and known.started_at is None and status is not Status.CANCELLED:
        values["started_at"] = now
    if status.terminal:
        idle = execution_key(known.organization_id, known.task_id)
        values |= {"ended_at": now, "slot": idle} | ({} if keep_lease else {"lease_until": None})
    assignments = ", ".join(f"{name} = ?" for name in values)
    sql = f"UPDATE executions SET {assignments} WHERE {_OF_ONE}"  # noqa: S608 - own names
    connection.execute(sql, (*values.values(), known.organization_id, known.task_id))
    changed = find(connection, known.organization_id, known.task_id)
    assert changed is not None  # noqa: S101 - `known` was read in this transaction
    return changed


def _each(connection: apsw.Connection, sql: str, values: tuple[Any, ...]) -> Generator[dict[str, Any], None, None]:
    """Yield the rows as they are read. The cursor is closed at the end, as an open one keeps its snapshot."""
    with closing(connection.cursor()) as cursor:
        cursor.row_trace = _named
        yield from cursor.execute(sql, values)


def _named(cursor: apsw.Cursor, row: tuple[Any, ...]) -> dict[str, Any]:
    return dict(zip((column[0] for column in cursor.get_description()), row, strict=True))
