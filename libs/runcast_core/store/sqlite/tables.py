"""Makes the tables of a SQLite file, and brings those that an older version made up to date.

All of it is one transaction: what is broken off is done again, from the start, by whoever opens the file next.
Processes of different versions must not share a file: those of an older one that have it open have to end before.
"""

import apsw

from runcast_core.store.sqlite import schema, statistics_tables

_MOVED = 10
"""How many requests are moved at a time. Each step fills the pages that the last one left, so the file hardly grows."""
_MOVE = (
    "INSERT INTO requests SELECT organization_id, task_id, request FROM executions WHERE rowid BETWEEN ? AND ?",
    "UPDATE executions SET request = '' WHERE rowid BETWEEN ? AND ?",
)


def make_tables(connection: apsw.Connection) -> None:
    """Leave the file with all tables and indexes of this version. Raises `apsw.Error`."""
    connection.execute(f"BEGIN IMMEDIATE; {schema.SCHEMA}")
    if "request" in _columns(connection, "executions"):
        _move_requests(connection)
    _add_columns(connection)
    connection.execute(schema.INDEXES)
    connection.execute(schema.ADOPTED)
    _make_statistics(connection)
    connection.execute("COMMIT")


def _make_statistics(connection: apsw.Connection) -> None:
    made = statistics_tables
    for sql in (made.TABLES, made.INDEXES, made.ADOPTED, made.TRIGGERS):
        connection.execute(sql)


def _move_requests(connection: apsw.Connection) -> None:
    """Move the requests of older versions out of the rows of their executions. They hold secrets, so what they leave is
    overwritten: https://www.sqlite.org/pragma.html#pragma_secure_delete"""
    [(usual,)] = connection.execute("PRAGMA secure_delete")
    connection.execute("PRAGMA secure_delete = ON").close()
    [(first, last)] = connection.execute("SELECT coalesce(min(rowid), 1), coalesce(max(rowid), 0) FROM executions")
    for start in range(first, last + 1, _MOVED):
        for sql in _MOVE:
            connection.execute(sql, (start, start + _MOVED - 1))
    connection.execute("ALTER TABLE executions DROP COLUMN request")
    connection.execute(f"PRAGMA secure_delete = {usual}").close()


def _add_columns(connection: apsw.Connection) -> None:
    for table, definitions in schema.ADDED.items():
        there = _columns(connection, table)
        for definition in definitions:
            if definition.split()[0] not in there:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {definition}")


def _columns(connection: apsw.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
