"""Connections to a SQLite file that several processes share, and what their errors become."""

import time
from contextlib import ExitStack
from typing import Any

import apsw

from runcast_core.model.errors import SettingError, StoreUnavailable
from runcast_core.store.sqlite.tables import make_tables

BUSY_TIMEOUT_MS = 20_000


def connect(path: str) -> apsw.Connection:
    """Open the file for many processes at once: write-ahead log, durable commits, waiting instead of `SQLITE_BUSY`."""
    connection = apsw.Connection(path)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.create_scalar_function("casefold", _folded, 1, deterministic=True)
    return connection


def _write_ahead(connection: apsw.Connection) -> None:
    """Change to the write-ahead log. While another process does the same with a new file, SQLite says that it is busy
    without waiting."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except apsw.BusyError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def _folded(*texts: Any) -> str | None:
    """Return the text without its case: SQLite's own `lower` knows ASCII only."""
    [text] = texts
    return None if text is None else text.casefold()


def open_connections(path: str, count: int) -> list[apsw.Connection]:
    """Return `count` connections, with the tables in place; none stays open on an error."""
    with ExitStack() as opened:
        try:
            found = [_connection(path, opened) for _ in range(count)]
            make_tables(found[0])
        except apsw.BusyError as exc:
            raise unavailable(exc) from exc
        except apsw.Error as exc:
            raise SettingError(f"RUNCAST_SQLITE_PATH: {path} cannot be opened: {exc}") from exc
        opened.pop_all()
    return found


def unavailable(exc: apsw.Error) -> StoreUnavailable:
    """Return what a caller sees of an error of SQLite."""
    error = StoreUnavailable(f"SQLite failed: {type(exc).__name__}")
    error.__cause__ = exc
    return error


def _connection(path: str, opened: ExitStack) -> apsw.Connection:
    connection = connect(path)
    opened.callback(connection.close)
    return connection
