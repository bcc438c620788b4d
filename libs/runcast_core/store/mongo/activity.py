"""How many executions wait and run, in the MongoDB store: one small document of each organization.

A change of state is noted right after it was made, by a write of its own. It must not fail the change, so what could
not be noted is only logged: whoever begins the next minute, or asks, counts what there is.
"""

from typing import Any

import structlog
from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from runcast_core.model.clock import now_ms
from runcast_core.model.executions import CLAIMED, Source, Status
from runcast_core.model.statistics import MINUTE_MS, MINUTES, NOTHING, Bucket, Load, load_of
from runcast_core.store.mongo.collections import MongoCollections
from runcast_core.store.mongo.documents import Document

log = structlog.get_logger()

_EMPTY: Document = {**NOTHING._asdict(), "minutes": {}}
_LATE = 1
"""By how many minutes the clock of one service may be ahead of another's."""
_ANY_SOURCE = {"$in": [source.value for source in Source]}
"""So that the index `queued` counts one organization's without those of others."""


class MongoActivity(MongoCollections):
    """Notes what changes, and tells it."""

    async def _note(self, organization_id: str, before: Load, after: Load) -> None:
        """Note that an execution that counted as `before` counts as `after`. Raises nothing."""
        more = Load(after.waiting - before.waiting, after.running - before.running)
        if more == NOTHING:
            return
        try:
            await self._add(organization_id, more)
        except PyMongoError as error:
            log.warning("Activity not noted", organization_id=organization_id, reason=type(error).__name__)

    async def _add(self, organization_id: str, more: Load) -> None:
        document = await self._added(organization_id, more)
        if document is None and await self._begin(organization_id):
            document = await self._added(organization_id, more)
        if document is None:
            return  # the organization was deleted
        after = load(document)
        before = Load(after.waiting - more.waiting, after.running - more.running)
        if await self._keep(document, before, before.at_least(after)):
            await self._count(organization_id)

    async def _added(self, organization_id: str, more: Load) -> Document | None:
        found: Document | None = await self._activity.find_one_and_update(
            {"_id": organization_id}, {"$inc": more._asdict()}, return_document=ReturnDocument.AFTER
        )
        return found

    async def _keep(self, document: Document, first: Load, most: Load) -> bool:
        """Have this minute's bucket tell of `most`; return whether it was made for that, and older ones removed. Most
        changes bring no new highest, and write nothing more."""
        key, minute = {"_id": document["_id"]}, now_ms() // MINUTE_MS
        name = f"minutes.{minute}"
        kept = document["minutes"].get(str(minute))
        if kept is None:
            kept = {"first": first._asdict(), "most": most._asdict()}
            new = {"$set": {name: kept}, **_removed(document, minute)}
            if (await self._activity.update_one(key | {name: {"$exists": False}}, new)).matched_count:
                return True
        elif _most(kept).at_least(most) == _most(kept):
            return False
        higher = {f"{name}.most.{field}": value for field, value in most._asdict().items()}
        await self._activity.update_one(key | {name: {"$exists": True}}, {"$max": higher})
        return False

    async def _count(self, organization_id: str) -> None:
        """Count what there is, and set the load right, unless it changed meanwhile."""
        known = await self._activity.find_one({"_id": organization_id})
        if known is None and not await self._begin(organization_id):
            return
        known = known or {"_id": organization_id, **_EMPTY}
        there = Load(
            await self._number(organization_id, [Status.PENDING]), await self._number(organization_id, CLAIMED)
        )
        if load(known) == there:
            return
        unchanged = {"_id": organization_id, **load(known)._asdict()}
        if (await self._activity.update_one(unchanged, {"$set": there._asdict()})).matched_count:
            await self._keep(known, there, there)

    async def _number(self, organization_id: str, statuses: Any) -> int:
        query = {"status": {"$in": sorted(statuses)}, "source": _ANY_SOURCE, "organizationId": organization_id}
        return await self._executions.count_documents(query)

    async def _begin(self, organization_id: str) -> bool:
        """Begin with nothing, which whoever makes the first bucket sets right; return False for a deleted organization.
        That is asked afterwards, as it may be deleted just then."""
        key = {"_id": organization_id}
        await self._activity.update_one(key, {"$setOnInsert": _EMPTY}, upsert=True)
        if await self._organizations.find_one(key | {"deleted": True}, {"_id": 1}) is None:
            return True
        await self._activity.delete_one(key)
        return False


def of_query(status: Any) -> Load:
    """Return how an execution counts that a query by this status finds: one, or several of the claimed."""
    return load_of(Status(status["$in"][0] if isinstance(status, dict) else status))


def load(document: Document) -> Load:
    return Load(document["waiting"], document["running"])


def buckets(document: Document) -> list[Bucket]:
    kept = document["minutes"].items()
    return [Bucket(int(minute), Load(**bucket["first"]), _most(bucket)) for minute, bucket in kept]


def _most(bucket: Document) -> Load:
    return Load(**bucket["most"])


def _removed(document: Document, minute: int) -> Document:
    """Return the part of an update that removes what is older than the hour, or of a clock that was set back."""
    kept = range(minute - MINUTES + 1, minute + _LATE + 1)
    old = {f"minutes.{each}": "" for each in document["minutes"] if int(each) not in kept}
    return {"$unset": old} if old else {}
