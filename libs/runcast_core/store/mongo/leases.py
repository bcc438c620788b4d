"""Leases in the MongoDB store: renewals and fenced changes, each one write of one document."""

from typing import Any

from pymongo import ReturnDocument

from runcast_core.model.attempts import RUNNER_LOST, check_forward, claimed_before, ended_attempt, retried_when_lost
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import LeaseLost
from runcast_core.model.executions import Attempt, Execution, ExecutionSummary, Fence, OutputEnd, Phase, Status
from runcast_core.model.identifiers import execution_key
from runcast_core.model.statistics import load_of
from runcast_core.store.mongo.activity import of_query
from runcast_core.store.mongo.documents import SUMMARY, Document, attempt_document, execution, summary
from runcast_core.store.mongo.errors import translated
from runcast_core.store.mongo.queue import IN_CLAIMED, MongoQueue

_END_AND_NOW = [{"$add": ["$renewedAt", "$leaseMs"]}, "$$NOW"]
"""Compared on the server's clock: `renewedAt` was set by `$currentDate`."""
EXPIRED: Document = {"leaseMs": {"$gt": 0}, "$expr": {"$lt": _END_AND_NOW}}
HELD: Document = {"leaseMs": {"$gt": 0}, "$expr": {"$gte": _END_AND_NOW}}
_LEASE_LOST = "the execution has ended or is no longer this runner's"


class MongoLeases(MongoQueue):
    """See `runcast_core.store.store.LeaseStore`. What a change records of an attempt is read before, under the same
    fence: nobody but its runner changes that."""

    async def renew(self, organization_id: str, task_id: str, fence: Fence, *, lease_ms: int) -> bool:
        change: Document = {"$set": {"leaseMs": lease_ms}, "$currentDate": {"renewedAt": True}}
        with translated():
            document = await self._executions.find_one_and_update(
                _fenced(organization_id, task_id, fence), change, {"cancelRequested": 1}
            )
        if document is None:
            raise LeaseLost(_LEASE_LOST)
        return bool(document["cancelRequested"])

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
        query = _fenced(organization_id, task_id, fence)
        held = await self._held(query)
        check_forward(held, status)
        ended = ended_attempt(held, result or status, error, exit_code, output) if status.terminal else None
        known: Document = {n: value for n, value in (("error", error), ("exitCode", exit_code)) if value is not None}
        query["status"] = {"$in": claimed_before(status)}
        return _still_held(await self._change(query, organization_id, task_id, status, ended=ended, **known))

    async def note_phase(self, organization_id: str, task_id: str, fence: Fence, phase: Phase | None) -> Execution:
        query = _fenced(organization_id, task_id, fence)
        check_forward(await self._held(query), Status.RUNNING)
        query["status"] = Status.RUNNING.value
        changed = await self._change(query, organization_id, task_id, Status.RUNNING, phase=phase and phase.value)
        return _still_held(changed)

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
        query = _fenced(organization_id, task_id, fence)
        held = await self._held(query)
        return _still_held(await self._put_back(query, held, ended_attempt(held, status, error, exit_code, output)))

    async def release(self, organization_id: str, task_id: str, fence: Fence) -> Execution:
        query = _fenced(organization_id, task_id, fence)
        return _still_held(await self._put_back(query, await self._held(query), None))

    async def held_by(self, runner_id: str) -> list[ExecutionSummary]:
        with translated():
            found = self._executions.find({"runnerId": runner_id, "status": IN_CLAIMED}, SUMMARY)
            return [summary(document) async for document in found]

    async def expired(self, *, limit: int = 100) -> list[ExecutionSummary]:
        with translated():
            found = self._executions.find({"status": IN_CLAIMED, **EXPIRED}, SUMMARY).limit(limit)
            return [summary(document) async for document in found]

    async def expire(self, organization_id: str, task_id: str, fence: Fence) -> Execution | None:
        query = _fenced(organization_id, task_id, fence) | EXPIRED
        lost = await self._find(query)
        if lost is None:
            return None
        ended = ended_attempt(lost, Status.ERROR, RUNNER_LOST)
        if retried_when_lost(lost):
            return await self._put_back(query, lost, ended)
        return await self._change(query, organization_id, task_id, Status.ERROR, ended=ended, error=RUNNER_LOST)

    async def _find(self, query: Document) -> Execution | None:
        with translated():
            document = await self._executions.find_one(query)
        return execution(document) if document else None

    async def _held(self, query: Document) -> Execution:
        return _still_held(await self._find(query))

    async def _put_back(self, query: Document, held: Execution, ended: Attempt | None) -> Execution | None:
        """Make it claimable, with the attempt recorded if it ended; `CANCELLED`, and then it has, where that was
        wanted. None if nothing matches."""
        key = held.organization_id, held.task_id
        idle: Document = {"slot": execution_key(*key), "runnerId": None, "startedAt": None, "leaseMs": 0}
        idle |= {"error": None, "exitCode": None}
        wanted = query | {"cancelRequested": False}
        changed = await self._change(wanted, *key, Status.PENDING, ended=ended, **idle)
        if changed is None:
            ended = ended or ended_attempt(held, Status.CANCELLED)
            changed = await self._change(query, *key, Status.CANCELLED, ended=ended)
        return changed

    async def _change(
        self,
        query: Document,
        organization_id: str,
        task_id: str,
        status: Status,
        *,
        keep_lease: bool = False,
        ended: Attempt | None = None,
        **fields: Any,
    ) -> Execution | None:
        """Give the execution that matches its next state: `rev` rises, it is unannounced and has no phase unless it is
        given one, a terminal state frees its slot and, unless told otherwise, ends its lease; an attempt that ended is
        recorded."""
        now = now_ms()
        values = {"status": status.value, "updatedAt": now, "unannounced": True, "phase": None, **fields}
        if status.terminal:
            idle = execution_key(organization_id, task_id)
            values |= {"endedAt": now, "slot": idle} | ({} if keep_lease else {"leaseMs": 0})
        update: Document = {"$set": values, "$inc": {"rev": 1}}
        if ended is not None:
            update["$push"] = {"attempts": attempt_document(ended)}
        with translated():
            document = await self._executions.find_one_and_update(query, update, return_document=ReturnDocument.AFTER)
        if document is None:
            return None
        await self._note(organization_id, of_query(query["status"]), load_of(status))
        return execution(document)


def _fenced(organization_id: str, task_id: str, fence: Fence) -> Document:
    key = execution_key(organization_id, task_id)
    own = {"runnerId": fence.runner_id, "attempt": fence.attempt, "createdAt": fence.created_at}
    return {"_id": key, **own, "status": IN_CLAIMED}


def _still_held(found: Execution | None) -> Execution:
    if found is None:
        raise LeaseLost(_LEASE_LOST)
    return found
