"""The MongoDB store's lists of executions, along the indexes of the newest, of all or of each status."""

import re
from typing import Any

from runcast_core.model.executions import LIVE, ExecutionSummary, Status
from runcast_core.store.listing import EVERY, LOOKED_AT, Position, Wanted
from runcast_core.store.mongo.collections import NEWEST, NEWEST_FIRST, NEWEST_OF_STATUS, MongoCollections
from runcast_core.store.mongo.documents import SUMMARY, Document, summary
from runcast_core.store.mongo.errors import translated
from runcast_core.store.mongo.queue import in_pools

_IN_LIVE = {"$in": sorted(LIVE)}


class MongoListing(MongoCollections):
    """See `runcast_core.store.store.ExecutionStore`."""

    async def executions(
        self,
        organization_id: str,
        wanted: Wanted = EVERY,
        *,
        after: Position | None = None,
        down_to: Position | None = None,
        limit: int = 50,
    ) -> list[ExecutionSummary]:
        conditions = [*_way(organization_id, wanted, after, down_to), *_sieve(wanted)]
        with translated():
            found = self._executions.find({"$and": conditions}, SUMMARY).hint(_index(wanted))
            return [summary(document) async for document in found.sort(NEWEST_FIRST).limit(limit)]

    async def horizon(
        self, organization_id: str, wanted: Wanted, *, after: Position | None = None, looked_at: int = LOOKED_AT
    ) -> Position | None:
        if not wanted.sifted:
            return None
        way = {"$and": _way(organization_id, wanted, after)}
        with translated():
            places = self._executions.find(way, {"createdAt": 1, "taskId": 1, "_id": 0}).hint(_index(wanted))
            found = [d async for d in places.sort(NEWEST_FIRST).skip(looked_at - 1).limit(2)]
        return Position(found[0]["createdAt"], found[0]["taskId"]) if len(found) > 1 else None

    async def live_counts(self, organization_id: str) -> dict[Status, int]:
        own = {"organizationId": organization_id, "status": _IN_LIVE}
        grouped = {"_id": "$status", "found": {"$sum": 1}}
        with translated():
            counted = await self._executions.aggregate([{"$match": own}, {"$group": grouped}], hint=NEWEST_OF_STATUS)
            return {Status(document["_id"]): document["found"] async for document in counted}


def _way(
    organization_id: str, wanted: Wanted, after: Position | None, down_to: Position | None = None
) -> list[Document]:
    """Return what an index answers: where the list begins and ends, and of which executions it is."""
    way: Document = {"organizationId": organization_id}
    if wanted.statuses:
        way["status"] = {"$in": sorted(wanted.statuses)}
    if (begin := wanted.begin(after)) is not None:
        same = {"createdAt": begin.created_at, "taskId": {"$lt": begin.task_id}}
        way |= {"createdAt": {"$lte": begin.created_at}, "$or": [{"createdAt": {"$lt": begin.created_at}}, same]}
    end = wanted.end(down_to)
    return [way, *([_from(end)] if end else [])]


def _from(end: Position) -> Document:
    same = {"createdAt": end.created_at, "taskId": {"$gte": end.task_id}}
    return {"createdAt": {"$gte": end.created_at}, "$or": [{"createdAt": {"$gt": end.created_at}}, same]}


def _sieve(wanted: Wanted) -> list[Document]:
    """Return what each execution on the way is looked at for."""
    prefix, text = wanted.image_prefix, wanted.text
    asked: list[tuple[Any, Document]] = [
        (wanted.image, {"image": wanted.image}),
        (prefix, {"image": {"$regex": f"^{re.escape(prefix or '')}"}}),
        (wanted.requested_by, {"requestedBy": wanted.requested_by}),
        (wanted.pool, {"pool": in_pools([wanted.pool or ""])}),
        (text, {"$or": [{name: _containing(text or "")} for name in ("taskId", "image")]}),
    ]
    return [condition for given, condition in asked if given is not None]


def _containing(text: str) -> Document:
    return {"$regex": re.escape(text), "$options": "i"}


def _index(wanted: Wanted) -> str:
    return NEWEST_OF_STATUS if wanted.statuses else NEWEST
