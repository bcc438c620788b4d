"""The runner's half of the MongoDB store. `slot` has a unique index, so limits are exact without transactions."""

from collections.abc import Sequence
from typing import Any

import structlog
from pymongo import ASCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError

from runcast_core.clock import now_ms
from runcast_core.errors import LeaseLost
from runcast_core.executions import CLAIMED, Execution, Fence, Source, Status
from runcast_core.identifiers import execution_key
from runcast_core.mongo_collections import MongoCollections
from runcast_core.mongo_documents import Document, execution
from runcast_core.mongo_errors import translated
from runcast_core.store import ANNOUNCE_GRACE_MS, Backlog

log = structlog.get_logger()

CLAIMABLE: Document = {"status": Status.PENDING.value, "source": Source.API.value}
IN_CLAIMED = {"$in": sorted(CLAIMED)}
_END_AND_NOW = [{"$add": ["$renewedAt", "$leaseMs"]}, "$$NOW"]
"""Compared on the server's clock: `renewedAt` was set by `$currentDate`."""
EXPIRED: Document = {"leaseMs": {"$gt": 0}, "$expr": {"$lt": _END_AND_NOW}}
HELD: Document = {"leaseMs": {"$gt": 0}, "$expr": {"$gte": _END_AND_NOW}}
_LEASE_LOST = "the execution has ended or is no longer this runner's"


class MongoLeases(MongoCollections):
    """See `runcast_core.store.LeaseStore`."""

    async def backlogs(self) -> list[Backlog]:
        with translated():
            waiting = await self._executions.distinct("organizationId", CLAIMABLE)
            running = await self._running(waiting)
            turns = await self._turns(waiting)
            limits = {d["_id"]: d["concurrencyLimit"] async for d in self._organizations.find(_ids(waiting))}
        found = [Backlog(o, running.get(o, 0), limits.get(o)) for o in waiting]
        return sorted(found, key=lambda b: (b.running, turns.get(b.organization_id, 0), b.organization_id))

    async def _running(self, organization_ids: Sequence[str]) -> dict[str, int]:
        held = {"status": IN_CLAIMED, "organizationId": {"$in": organization_ids}, "runnerId": {"$ne": None}}
        grouped = {"_id": "$organizationId", "running": {"$sum": 1}}
        found = await self._executions.aggregate([{"$match": held}, {"$group": grouped}])
        return {document["_id"]: document["running"] async for document in found}

    async def _turns(self, organization_ids: Sequence[str]) -> dict[str, int]:
        """Number those that were ever served, longest ago first, from 1."""
        found = self._queues.find(_ids(organization_ids), {"_id": 1})
        served = [d["_id"] async for d in found.sort([("servedAt", ASCENDING), ("_id", ASCENDING)])]
        return {organization_id: turn for turn, organization_id in enumerate(served, 1)}

    async def claim(self, organization_id: str, *, runner_id: str, lease_ms: int, limit: int) -> Execution | None:
        with translated():
            for slot in await self._free_slots(organization_id, limit):
                try:
                    claimed = await self._claim_into(slot, organization_id, runner_id, lease_ms)
                except DuplicateKeyError:
                    continue  # somebody took the slot first; nothing was changed
                if claimed is not None:
                    await self._note_served(organization_id)
                return claimed
        return None

    async def _free_slots(self, organization_id: str, limit: int) -> list[str]:
        """Return the slots that look free, a hint: only the unique index knows."""
        query = {"organizationId": organization_id, "status": IN_CLAIMED, "runnerId": {"$ne": None}}
        taken = {document["slot"] async for document in self._executions.find(query, {"slot": 1})}
        if len(taken) >= limit:  # those above the limit count too: it may have been lowered while they ran
            return []
        slots = (f"{organization_id}#{number}" for number in range(limit))
        return [slot for slot in slots if slot not in taken]

    async def _claim_into(self, slot: str, organization_id: str, runner_id: str, lease_ms: int) -> Execution | None:
        now = now_ms()
        announced = [{"unannounced": False}, {"updatedAt": {"$lt": now - ANNOUNCE_GRACE_MS}}]
        state = {"status": "RUNNING", "runnerId": runner_id, "slot": slot, "leaseMs": lease_ms, "unannounced": True}
        document = await self._executions.find_one_and_update(
            {"organizationId": organization_id, **CLAIMABLE, "$or": announced},
            {
                "$set": {**state, "startedAt": now, "updatedAt": now},
                "$inc": {"attempt": 1, "rev": 1},
                "$currentDate": {"renewedAt": True},
            },
            sort=[("createdAt", ASCENDING), ("taskId", ASCENDING)],
            return_document=ReturnDocument.AFTER,
        )
        return execution(document) if document else None

    async def _note_served(self, organization_id: str) -> None:
        """A hint for fairness: failing must not lose the claim that was just made."""
        try:
            await self._queues.update_one({"_id": organization_id}, {"$currentDate": {"servedAt": True}}, upsert=True)
        except PyMongoError as error:
            log.warning("Turn not noted", organization_id=organization_id, reason=type(error).__name__)

    async def renew(self, organization_id: str, task_id: str, fence: Fence, *, lease_ms: int) -> bool:
        change: Document = {"$set": {"leaseMs": lease_ms}, "$currentDate": {"renewedAt": True}}
        with translated():
            document = await self._executions.find_one_and_update(
                _fenced(organization_id, task_id, fence), change, return_document=ReturnDocument.AFTER
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
    ) -> Execution:
        known: Document = {n: value for n, value in (("error", error), ("exitCode", exit_code)) if value is not None}
        query = _fenced(organization_id, task_id, fence)
        changed = await self._change(query, organization_id, task_id, status, **known)
        if changed is None:
            raise LeaseLost(_LEASE_LOST)
        return changed

    async def release(self, organization_id: str, task_id: str, fence: Fence) -> Execution:
        query = _fenced(organization_id, task_id, fence)
        idle: Document = {
            "slot": execution_key(organization_id, task_id),
            "runnerId": None,
            "startedAt": None,
            "leaseMs": 0,
        }
        wanted = query | {"cancelRequested": False}
        changed = await self._change(wanted, organization_id, task_id, Status.PENDING, **idle)
        if changed is None:
            changed = await self._change(query, organization_id, task_id, Status.CANCELLED)
        if changed is None:
            raise LeaseLost(_LEASE_LOST)
        return changed

    async def held_by(self, runner_id: str) -> list[Execution]:
        with translated():
            found = self._executions.find({"runnerId": runner_id, "status": IN_CLAIMED})
            return [execution(document) async for document in found]

    async def expired(self, *, limit: int = 100) -> list[Execution]:
        with translated():
            found = self._executions.find({"status": IN_CLAIMED, **EXPIRED}).limit(limit)
            return [execution(document) async for document in found]

    async def expire(self, organization_id: str, task_id: str, fence: Fence) -> Execution | None:
        query = _fenced(organization_id, task_id, fence) | EXPIRED
        return await self._change(query, organization_id, task_id, Status.ERROR, error="runner lost")

    async def _change(
        self,
        query: Document,
        organization_id: str,
        task_id: str,
        status: Status,
        *,
        keep_lease: bool = False,
        **fields: Any,
    ) -> Execution | None:
        """Give the execution that matches its next state: `rev` rises, it is unannounced, and a terminal state frees
        its slot and, unless told otherwise, ends its lease."""
        now = now_ms()
        values = {"status": status.value, "updatedAt": now, "unannounced": True, **fields}
        if status.terminal:
            idle = execution_key(organization_id, task_id)
            values |= {"endedAt": now, "slot": idle} | ({} if keep_lease else {"leaseMs": 0})
        with translated():
            document = await self._executions.find_one_and_update(
                query, {"$set": values, "$inc": {"rev": 1}}, return_document=ReturnDocument.AFTER
            )
        return execution(document) if document else None


def _fenced(organization_id: str, task_id: str, fence: Fence) -> Document:
    key = execution_key(organization_id, task_id)
    return {"_id": key, "runnerId": fence.runner_id, "attempt": fence.attempt, "status": IN_CLAIMED}


def _ids(organization_ids: Sequence[str]) -> Document:
    return {"_id": {"$in": organization_ids}}
