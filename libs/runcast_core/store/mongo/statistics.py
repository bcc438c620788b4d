"""The MongoDB store's statistics. `activity.py` has what notes them."""

from pymongo import DESCENDING

from runcast_core.model.clock import now_ms
from runcast_core.model.executions import Status
from runcast_core.model.statistics import MINUTE_MS, NOTHING, Activity, Ended, activity
from runcast_core.store.mongo.activity import MongoActivity, buckets, load
from runcast_core.store.mongo.documents import Document
from runcast_core.store.mongo.errors import translated

_ENDED = {"_id": 0, "taskId": 1, "image": 1, "status": 1, "startedAt": 1, "endedAt": 1}
"""What the indexes of ends hold, so that no document is read."""
_LAST_FIRST = [("endedAt", DESCENDING), ("taskId", DESCENDING)]
_BATCH = 1000
"""How many the server sends at a time: other tasks run between two of them."""


class MongoStatistics(MongoActivity):
    """See `runcast_core.store.statistics_store.StatisticsStore`."""

    async def activity(self, organization_id: str) -> Activity:
        with translated():
            await self._count(organization_id)
            document = await self._activity.find_one({"_id": organization_id})
        minute = now_ms() // MINUTE_MS
        if document is None:
            return activity(minute, NOTHING, ())
        return activity(minute, load(document), buckets(document))

    async def ended(
        self, organization_id: str, *, since: int, until: int, image: str | None = None, limit: int
    ) -> list[Ended]:
        query: Document = {"organizationId": organization_id, "endedAt": {"$gte": since, "$lt": until}}
        if image is not None:
            query["image"] = image
        with translated():
            found = self._executions.find(query, _ENDED, batch_size=_BATCH).sort(_LAST_FIRST).limit(limit)
            return [_ended(document) async for document in found]


def _ended(document: Document) -> Ended:
    status = Status(document["status"])
    return Ended(document["taskId"], document["image"], status, document["startedAt"], document["endedAt"])
