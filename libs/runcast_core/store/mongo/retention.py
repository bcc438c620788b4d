"""Removes old executions from the MongoDB store: output first, so that a crash between leaves none without a record."""

from pymongo import ASCENDING

from runcast_core.model.executions import TERMINAL
from runcast_core.store.mongo.collections import MongoCollections
from runcast_core.store.mongo.documents import Document
from runcast_core.store.mongo.errors import translated
from runcast_core.store.mongo.leases import HELD

_TERMINAL = [status.value for status in sorted(TERMINAL)]


class MongoRetention(MongoCollections):
    """See `runcast_core.store.store.RetentionStore`."""

    async def organization_after(self, organization_id: str) -> str | None:
        query, wanted = {"organizationId": {"$gt": organization_id}}, {"organizationId": 1}
        with translated():
            found = await self._executions.find_one(query, wanted, sort=[("organizationId", ASCENDING)])
        return found["organizationId"] if found else None

    async def purge(self, organization_id: str, *, before: int, limit: int = 500) -> bool:
        with translated():
            old = await self._oldest(organization_id, before)
            if old is None:
                return False
            if await self._purge_chunks({"organizationId": organization_id, "taskId": old["taskId"]}, limit) < limit:
                await self._executions.delete_one({"_id": old["_id"], "rev": old["rev"], "status": old["status"]})
        return True

    async def _oldest(self, organization_id: str, before: int) -> Document | None:
        query: Document = {
            "organizationId": organization_id,
            "createdAt": {"$lt": before},
            "endedAt": {"$lt": before},
            "status": {"$in": _TERMINAL},
            "$nor": [HELD],
        }
        wanted = {"taskId": 1, "rev": 1, "status": 1}
        order = [("createdAt", ASCENDING), ("taskId", ASCENDING)]
        found: Document | None = await self._executions.find_one(query, wanted, sort=order)
        return found

    async def _purge_chunks(self, query: Document, limit: int) -> int:
        order = [("attempt", ASCENDING), ("seq", ASCENDING)]
        found = self._log_chunks.find(query, {"_id": 1}).sort(order).limit(limit)
        keys = [document["_id"] async for document in found]
        if keys:
            await self._log_chunks.delete_many({"_id": {"$in": keys}})
        return len(keys)
