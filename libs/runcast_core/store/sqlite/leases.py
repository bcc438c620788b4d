"""Leases in the SQLite store: renewals and fenced changes, each within one transaction."""

from dataclasses import astuple
from typing import Any

import apsw

from runcast_core.model.attempts import RUNNER_LOST, check_forward, ended_attempt, retried_when_lost
from runcast_core.model.errors import LeaseLost
from runcast_core.model.executions import Attempt, Execution, ExecutionSummary, Fence, OutputEnd, Phase, Status
from runcast_core.model.identifiers import execution_key
from runcast_core.store.sqlite import schema
from runcast_core.store.sqlite.queue import SqliteQueue, prolong
from runcast_core.store.sqlite.rows import change, summaries, whole
from runcast_core.store.sqlite.schema import CLAIMED

_FENCED = f"organization_id = ? AND task_id = ? AND runner_id = ? AND attempt = ? AND created_at = ? AND {CLAIMED}"
_LEASE_LOST = "the execution has ended or is no longer this runner's"
_IDLE = """
UPDATE executions SET runner_id = NULL, lease_until = NULL, started_at = NULL, error = NULL, exit_code = NULL, slot = ?
WHERE organization_id = ? AND task_id = ?
"""


class SqliteLeases(SqliteQueue):
    """See `runcast_core.store.store.LeaseStore`."""

    async def renew(self, organization_id: str, task_id: str, fence: Fence, *, lease_ms: int) -> bool:
        def job(connection: apsw.Connection) -> bool:
            held = summaries(connection, f"WHERE {_FENCED}", organization_id, task_id, *astuple(fence))
            if not held:
                raise LeaseLost(_LEASE_LOST)
            prolong(connection, organization_id, task_id, lease_ms)
            return held[0].cancel_requested

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
        output: OutputEnd | None = None,
        result: Status | None = None,
    ) -> Execution:
        def job(connection: apsw.Connection) -> Execution:
            held = _held(connection, organization_id, task_id, fence)
            check_forward(held, status)
            if not status.terminal:
                return change(connection, held, status=status, error=error, exit_code=exit_code)
            ended = ended_attempt(held, result or status, error, exit_code, output)
            return _end(connection, held, status, ended, error=error, exit_code=exit_code)

        return await self._write(job)

    async def note_phase(self, organization_id: str, task_id: str, fence: Fence, phase: Phase | None) -> Execution:
        def job(connection: apsw.Connection) -> Execution:
            held = _held(connection, organization_id, task_id, fence)
            check_forward(held, Status.RUNNING)
            return change(connection, held, status=Status.RUNNING, phase=phase)

        return await self._write(job)

    async def requeue(
        self,
        organization_id: str,
        task_id: str,
        fence: Fence,
        status: Status,
        *,
        error: str | None = None,
        exit_code: int | None = None,
        output: OutputEnd | None = None,
    ) -> Execution:
        def job(connection: apsw.Connection) -> Execution:
            held = _held(connection, organization_id, task_id, fence)
            return _put_back(connection, held, ended_attempt(held, status, error, exit_code, output))

        return await self._write(job)

    async def release(self, organization_id: str, task_id: str, fence: Fence) -> Execution:
        def job(connection: apsw.Connection) -> Execution:
            held = _held(connection, organization_id, task_id, fence)
            return _put_back(connection, held, None)

        return await self._write(job)

    async def held_by(self, runner_id: str) -> list[ExecutionSummary]:
        return await self._read(lambda c: summaries(c, f"WHERE runner_id = ? AND {CLAIMED}", runner_id))

    async def expired(self, *, limit: int = 100) -> list[ExecutionSummary]:
        rest = f"WHERE {CLAIMED} AND lease_until < {schema.NOW} LIMIT ?"
        return await self._read(lambda c: summaries(c, rest, limit))

    async def expire(self, organization_id: str, task_id: str, fence: Fence) -> Execution | None:
        def job(connection: apsw.Connection) -> Execution | None:
            condition = f"{_FENCED} AND lease_until < {schema.NOW}"
            lost = whole(connection, condition, organization_id, task_id, *astuple(fence))
            if lost is None:
                return None
            ended = ended_attempt(lost, Status.ERROR, RUNNER_LOST)
            if retried_when_lost(lost):
                return _put_back(connection, lost, ended)
            return _end(connection, lost, Status.ERROR, ended, error=RUNNER_LOST)

        return await self._write(job)


def _held(connection: apsw.Connection, organization_id: str, task_id: str, fence: Fence) -> Execution:
    found = whole(connection, _FENCED, organization_id, task_id, *astuple(fence))
    if found is None:
        raise LeaseLost(_LEASE_LOST)
    return found


def _end(connection: apsw.Connection, held: Execution, status: Status, ended: Attempt, **columns: Any) -> Execution:
    attempts = schema.column((*held.attempts, ended))
    return change(connection, held, status=status, attempts=attempts, **columns)


def _put_back(connection: apsw.Connection, held: Execution, ended: Attempt | None) -> Execution:
    """Make it claimable, with the attempt recorded if it ended; `CANCELLED`, and then it has, where that was wanted."""
    if held.cancel_requested:
        return _end(connection, held, Status.CANCELLED, ended or ended_attempt(held, Status.CANCELLED))
    key = held.organization_id, held.task_id
    connection.execute(_IDLE, (execution_key(*key), *key))
    attempts = schema.column((*held.attempts, ended)) if ended else None
    return change(connection, held, status=Status.PENDING, attempts=attempts)
