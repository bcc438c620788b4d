"""The queue in the MongoDB store: who waits, and who is claimed next.

`slot` has a unique index, so limits are exact without transactions.
"""

from collections.abc import Collection, Sequence
from itertools import groupby

import structlog
from pymongo import ASCENDING, DESCENDING, ReturnDocument
from pymongo.errors import DuplicateKeyError, PyMongoError

from runcast_core.model.clock import now_ms
from runcast_core.model.executions import CLAIMED, DEFAULT_POOL, Execution, Source, Status
from runcast_core.model.identifiers import execution_key
from runcast_core.model.statistics import load_of
from runcast_core.store.listing import COUNTED
from runcast_core.store.mongo.activity import MongoActivity
from runcast_core.store.mongo.documents import Document, execution
from runcast_core.store.mongo.errors import translated
from runcast_core.store.mongo.places import FIELDS, Place, counted_before, numbered
from runcast_core.store.store import ANNOUNCE_GRACE_MS, DEFAULT_POOLS, Backlog

log = structlog.get_logger()

IN_CLAIMED = {"$in": sorted(CLAIMED)}
_CLAIMABLE: Document = {"status": Status.PENDING.value, "source": Source.API.value}
_ORDER = [("priority", DESCENDING), ("createdAt", ASCENDING), ("taskId", ASCENDING)]


class MongoQueue(MongoActivity):
    """See `runcast_core.store.store.ExecutionStore.queue_positions` and `LeaseStore`."""

    async def backlogs(self, pools: Collection[str] = DEFAULT_POOLS) -> list[Backlog]:
        with translated():
            waiting = await self._executions.distinct("organizationId", {**_CLAIMABLE, "pool": in_pools(pools)})
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

    async def claim(
        self,
        organization_id: str,
        *,
        runner_id: str,
        lease_ms: int,
        limit: int,
        pools: Collection[str] = DEFAULT_POOLS,
    ) -> Execution | None:
        with translated():
            for slot in await self._free_slots(organization_id, limit):
                try:
                    claimed = await self._claim_into(slot, organization_id, pools, runner_id, lease_ms)
                except DuplicateKeyError:
                    continue  # somebody took the slot first; nothing was changed
                if claimed is not None:
                    await self._note_served(organization_id)
                    await self._note(organization_id, load_of(Status.PENDING), load_of(claimed.status))
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

    async def _claim_into(
        self, slot: str, organization_id: str, pools: Collection[str], runner_id: str, lease_ms: int
    ) -> Execution | None:
        now = now_ms()
        announced = [{"unannounced": False}, {"updatedAt": {"$lt": now - ANNOUNCE_GRACE_MS}}]
        state = {"status": "RUNNING", "runnerId": runner_id, "slot": slot, "leaseMs": lease_ms, "unannounced": True}
        document = await self._executions.find_one_and_update(
            {"organizationId": organization_id, **_CLAIMABLE, "pool": in_pools(pools), "$or": announced},
            {
                "$set": {**state, "startedAt": now, "updatedAt": now},
                "$inc": {"attempt": 1, "rev": 1},
                "$currentDate": {"renewedAt": True},
            },
            sort=_ORDER,
            return_document=ReturnDocument.AFTER,
        )
        return execution(document) if document else None

    async def _note_served(self, organization_id: str) -> None:
        """A hint for fairness: failing must not lose the claim that was just made."""
        try:
            await self._queues.update_one({"_id": organization_id}, {"$currentDate": {"servedAt": True}}, upsert=True)
        except PyMongoError as error:
            log.warning("Turn not noted", organization_id=organization_id, reason=type(error).__name__)

    async def queue_positions(
        self, organization_id: str, task_ids: Collection[str], *, counted: int = COUNTED
    ) -> dict[str, int]:
        queued: Document = {"organizationId": organization_id, **_CLAIMABLE}
        keys = [execution_key(organization_id, task_id) for task_id in task_ids]
        found: dict[str, int] = {}
        with translated():
            asked = self._executions.find({"_id": {"$in": keys}, **queued}, FIELDS).hint("_id_")
            places = sorted([Place.of(document) async for document in asked])
            for pool, group in groupby(places, lambda place: place.pool):
                found |= await self._numbered({**queued, "pool": in_pools([pool])}, list(group), counted)
        return found

    async def _numbered(self, queued: Document, places: Sequence[Place], counted: int) -> dict[str, int]:
        front: list[Document] = [{"$match": queued}, {"$sort": dict(_ORDER)}, {"$limit": counted}]
        groups = await self._executions.aggregate([*front, *counted_before(places)])
        return numbered(places, {d["_id"]: d["found"] async for d in groups}, counted)


def in_pools(pools: Collection[str]) -> Document:
    """Match these pools; a document without one is in the default pool."""
    return {"$in": [*pools, *([None] if DEFAULT_POOL in pools else [])]}


def _ids(organization_ids: Sequence[str]) -> Document:
    return {"_id": {"$in": organization_ids}}
