"""The runner's half of the MongoDB store. `slot` has a unique index, so limits are exact without transactions."""

from typing import Any

from pymongo import ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError

from runcast_core.clock import now_ms
from runcast_core.errors import LeaseLost
from runcast_core.executions import CLAIMED, Execution, Fence, Source, Status
from runcast_core.identifiers import execution_key
from runcast_core.mongo_documents import Document, execution
from runcast_core.mongo_errors import translated
from runcast_core.store import Backlog

IN_CLAIMED = {"$in": sorted(CLAIMED)}
EXPIRED: Document = {
    "leaseMs": {"$gt": 0},
    "$expr": {"$lt": [{"$add": ["$renewedAt", "$leaseMs"]}, "$$NOW"]},
}
"""Compared on the server's clock: `renewedAt` was set by `$currentDate`."""
_LEASE_LOST = "the execution has ended or is no longer this runner's"


class MongoLeases:
    """See `runcast_core.store.LeaseStore`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self._executions = database.executions

    async def backlogs(self) -> list[Backlog]:
        with translated():
            waiting = await self._executions.distinct("organizationId", {"status": "PENDING", "source": "api"})
            found = [(await self._backlog(o), await self._served_at(o)) for o in waiting]
        ordered = sorted(found, key=lambda pair: (pair[0].running, pair[1], pair[0].organization_id))
        return [backlog for backlog, _ in ordered]

    async def _backlog(self, organization_id: str) -> Backlog:
        held: Document = {"organizationId": organization_id, "status": IN_CLAIMED, "runnerId": {"$ne": None}}
        running = await self._executions.count_documents(held)
        organization = await self._database.organizations.find_one({"_id": organization_id}) or {}
        return Backlog(organization_id, running, organization.get("concurrencyLimit"))

    async def _served_at(self, organization_id: str) -> int:
        queue = await self._database.queues.find_one({"_id": organization_id})
        return int(queue["servedAt"]) if queue else 0

    async def claim(self, organization_id: str, *, runner_id: str, lease_ms: int, limit: int) -> Execution | None:
        with translated():
            query: Document = {"organizationId": organization_id, "status": IN_CLAIMED}
            taken = {d["slot"] async for d in self._executions.find(query, {"slot": 1})}
            for number in range(limit):
                slot = f"{organization_id}#{number}"
                if slot in taken:
                    continue
                try:
                    claimed = await self._claim_into(slot, organization_id, runner_id, lease_ms)
                except DuplicateKeyError:
                    continue  # somebody took the slot first; nothing was changed
                if claimed is not None:
                    await self._note_served(organization_id)
                return claimed
        return None

    async def _claim_into(self, slot: str, organization_id: str, runner_id: str, lease_ms: int) -> Execution | None:
        now = now_ms()
        state = {"status": "RUNNING", "runnerId": runner_id, "slot": slot, "leaseMs": lease_ms, "unannounced": True}
        document = await self._executions.find_one_and_update(
            {"organizationId": organization_id, "status": "PENDING", "source": Source.API.value},
            {
                "$set": {**state, "startedAt": now, "updatedAt": now},
                "$inc": {"attempt": 1, "rev": 1},
                "$currentDate": {"renewedAt": True},
            },
            sort=[("createdAt", 1), ("taskId", 1)],
            return_document=ReturnDocument.AFTER,
        )
        return execution(document) if document else None

    async def _note_served(self, organization_id: str) -> None:
        await self._database.queues.update_one({"_id": organization_id}, {"$set": {"servedAt": now_ms()}}, upsert=True)

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
        known = {name: value for name, value in (("error", error), ("exitCode", exit_code)) if value is not None}
        query = _fenced(organization_id, task_id, fence)
        changed = await self._change(query, organization_id, task_id, status, **known)
        if changed is None:
            raise LeaseLost(_LEASE_LOST)
        return changed

    async def release(self, organization_id: str, task_id: str, fence: Fence) -> Execution:
        query = _fenced(organization_id, task_id, fence)
        idle = {"slot": execution_key(organization_id, task_id), "runnerId": None, "startedAt": None, "leaseMs": 0}
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
        self, query: Document, organization_id: str, task_id: str, status: Status, **fields: Any
    ) -> Execution | None:
        """Give the execution that matches its next state: `rev` rises, it is unannounced, an end frees the slot."""
        now = now_ms()
        values = {"status": status.value, "updatedAt": now, "unannounced": True, **fields}
        if status.terminal:
            values |= {"endedAt": now, "slot": execution_key(organization_id, task_id), "leaseMs": 0}
        with translated():
            document = await self._executions.find_one_and_update(
                query, {"$set": values, "$inc": {"rev": 1}}, return_document=ReturnDocument.AFTER
            )
        return execution(document) if document else None


def _fenced(organization_id: str, task_id: str, fence: Fence) -> Document:
    key = execution_key(organization_id, task_id)
    return {"_id": key, "runnerId": fence.runner_id, "attempt": fence.attempt, "status": IN_CLAIMED}
