"""The store on a SQLite file, for one machine; several processes may share the file.

Writes go through one thread (`writer.py`), reads through connections of their own.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeVar

import anyio
import anyio.to_thread
import apsw

from runcast_core.model.errors import Conflict, NotFound, SettingError
from runcast_core.model.executions import (
    CLAIMED,
    AttemptKey,
    Execution,
    ExecutionSummary,
    Status,
    external_execution,
    same_request,
)
from runcast_core.store.sqlite import schema
from runcast_core.store.sqlite.connections import open_connections
from runcast_core.store.sqlite.credentials import SqliteCredentials
from runcast_core.store.sqlite.leases import SqliteLeases
from runcast_core.store.sqlite.listing import SqliteListing
from runcast_core.store.sqlite.logs import SqliteLogs
from runcast_core.store.sqlite.page_sessions import SqlitePageSessions
from runcast_core.store.sqlite.retention import SqliteRetention
from runcast_core.store.sqlite.rows import add, change, find, one, remove, state
from runcast_core.store.sqlite.statistics import SqliteStatistics
from runcast_core.store.sqlite.users import SqliteUsers
from runcast_core.store.sqlite.writer import Writer
from runcast_core.store.store import check_runs, still_held

_READERS = 4
Found = TypeVar("Found", bound=ExecutionSummary)


class SqliteStore(
    SqliteUsers,
    SqliteCredentials,
    SqlitePageSessions,
    SqliteListing,
    SqliteLeases,
    SqliteLogs,
    SqliteRetention,
    SqliteStatistics,
):
    """See `runcast_core.store.store.Store`."""

    async def create_execution(self, execution: Execution) -> tuple[Execution, bool]:
        def job(connection: apsw.Connection) -> tuple[Execution, bool]:
            found = find(connection, execution.organization_id, execution.task_id)
            if found is None:
                add(connection, execution)
                return execution, True
            if not same_request(found, execution):
                raise Conflict("this taskId stands for a different request", code="TASK_EXISTS")
            return found, False

        return await self._write(job)

    async def execution(self, organization_id: str, task_id: str) -> Execution | None:
        return await self._read(lambda c: find(c, organization_id, task_id))

    async def summary(self, organization_id: str, task_id: str) -> ExecutionSummary | None:
        return await self._read(lambda c: state(c, organization_id, task_id))

    async def request_cancel(self, organization_id: str, task_id: str) -> Execution:
        def job(connection: apsw.Connection) -> Execution:
            found = _existing(find(connection, organization_id, task_id))
            if found.status.terminal:
                raise Conflict(f"the execution has ended as {found.status.value}", code="ALREADY_ENDED")
            if found.status in CLAIMED and found.runner_id is not None:
                sql = "UPDATE executions SET cancel_requested = 1 WHERE organization_id = ? AND task_id = ?"
                connection.execute(sql, (organization_id, task_id))
                return _existing(find(connection, organization_id, task_id))
            return change(connection, found, status=Status.CANCELLED)

        return await self._write(job)

    async def delete_execution(self, organization_id: str, task_id: str) -> None:
        def job(connection: apsw.Connection) -> None:
            if not _existing(state(connection, organization_id, task_id)).status.terminal:
                raise Conflict("the execution has not ended; cancel it first", code="STILL_LIVE")
            sql = f"SELECT 1 FROM executions WHERE organization_id = ? AND task_id = ? AND lease_until >= {schema.NOW}"  # noqa: S608
            if one(connection, sql, organization_id, task_id):
                raise still_held()
            sql = "DELETE FROM log_chunks WHERE organization_id = ? AND task_id = ?"
            connection.execute(sql, (organization_id, task_id))
            remove(connection, organization_id, task_id)

        await self._write(job)

    async def record_external(
        self,
        organization_id: str,
        task_id: str,
        status: Status | None,
        *,
        image: str | None = None,
        error: str | None = None,
        exit_code: int | None = None,
        attempt: AttemptKey | None = None,
    ) -> Execution:
        def job(connection: apsw.Connection) -> Execution:
            found = find(connection, organization_id, task_id)
            check_runs(found, attempt)
            if found is None:
                new = external_execution(organization_id, task_id, status or Status.RUNNING, image, error, exit_code)
                add(connection, new)
                return new
            if status is None or not found.status.may_become(status):
                return found
            return change(connection, found, status=status, keep_lease=True, error=error, exit_code=exit_code)

        return await self._write(job)

    async def ping(self) -> None:
        await self._read(lambda c: one(c, "SELECT 1 AS one"))


@asynccontextmanager
async def open_sqlite_store(path: str) -> AsyncIterator[SqliteStore]:
    """Open, and create if missing, the file at an absolute `path`. Raises `SettingError` where that cannot be, or
    `StoreUnavailable` where another process keeps it locked."""
    if not await anyio.Path(path).parent.is_dir():
        raise SettingError(f"RUNCAST_SQLITE_PATH: the folder of {path} does not exist")
    connection, *readers = await anyio.to_thread.run_sync(open_connections, path, 1 + _READERS)
    writer = Writer(connection)
    try:
        yield SqliteStore(writer, readers)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(writer.close)
        for reader in readers:
            reader.close()


def _existing(found: Found | None) -> Found:
    if found is None:
        raise NotFound("no such execution")
    return found
