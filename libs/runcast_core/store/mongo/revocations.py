"""The MongoDB store's revocations. The field `userId` holds the subject, whatever that is."""

import asyncio
from typing import Any

from pymongo import ASCENDING, ReturnDocument

from runcast_core.bus.revocations import REMOVED, Revocation
from runcast_core.model.accounts import Standing
from runcast_core.model.clock import now_ms
from runcast_core.model.identifiers import EVERYBODY, revocation_key
from runcast_core.store.mongo.collections import MongoCollections
from runcast_core.store.mongo.documents import Document
from runcast_core.store.mongo.errors import translated

_OF_SESSIONS = {"userId": {"$gte": "session:", "$lt": "session;"}}
_ADOPTED_AT_ONCE = 500


class MongoRevocations(MongoCollections):
    """See `runcast_core.store.account_store.RevocationStore`."""

    async def standing(self, organization_id: str, subjects: tuple[str, ...]) -> Standing:
        """Two reads by key, at the same time."""
        with translated():
            organization, at = await asyncio.gather(
                self._organizations.find_one({"_id": organization_id}, {"deleted": 1}),
                self._revoked_at([revocation_key(organization_id, subject) for subject in subjects]),
            )
        return Standing(organization is not None and organization["deleted"], at)

    async def _revoked_at(self, keys: list[str]) -> int | None:
        found = self._revocations.find({"_id": {"$in": keys}}, {"revokedAt": 1})
        return max([document["revokedAt"] async for document in found], default=None)

    async def revoke_sessions(self, organization_id: str, subject: str, at: int) -> Revocation:
        owner = {"organizationId": organization_id, "userId": subject}
        noted = {"$max": {"revokedAt": at}, "$set": {"unannounced": True, "notedAt": now_ms()}}
        with translated():
            document: Any = await self._revocations.find_one_and_update(
                {"_id": revocation_key(organization_id, subject)},
                {**noted, "$setOnInsert": owner},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        return _revocation(document)

    async def unannounced_revocations(self, *, limit: int = 100) -> list[Revocation]:
        with translated():
            found = self._revocations.find({"unannounced": True}).limit(limit)
            return [_revocation(document) async for document in found]

    async def revocation_announced(self, revocation: Revocation) -> None:
        key = {"_id": revocation_key(revocation.organization_id, revocation.subject), "revokedAt": revocation.at}
        with translated():
            await self._revocations.update_one(key, {"$set": {"unannounced": False}})

    async def recent_revocations(
        self, *, within_ms: int, after: Revocation | None = None, limit: int = 500
    ) -> list[Revocation]:
        query: Document = {"notedAt": {"$gte": now_ms() - within_ms}}
        if after is not None:
            same = {"notedAt": after.noted_at, "_id": {"$gt": revocation_key(after.organization_id, after.subject)}}
            later = [{"notedAt": {"$gt": after.noted_at}}, same]
            query = {"$and": [query, {"$or": later}]}
        with translated():
            found = self._revocations.find(query).sort([("notedAt", ASCENDING), ("_id", ASCENDING)]).limit(limit)
            return [_revocation(document) async for document in found]

    async def forget_sessions(self, *, older_than_ms: int, limit: int = 500) -> bool:
        query = {**_OF_SESSIONS, "notedAt": {"$lt": now_ms() - older_than_ms}}
        with translated():
            keys = [document["_id"] async for document in self._revocations.find(query, {"_id": 1}).limit(limit)]
            if keys:
                await self._revocations.delete_many({"_id": {"$in": keys}, "notedAt": query["notedAt"]})
        return len(keys) == limit

    async def adopt(self) -> None:
        """Note what older versions left: revocations without a time count as noted now, and a deleted organization is
        revoked."""
        with translated():
            await self._revocations.update_many({"notedAt": None}, {"$set": {"notedAt": now_ms()}})
        last = ""
        while deleted := await self._deleted_after(last):
            for organization_id in await self._unrevoked(deleted):
                await self.revoke_sessions(organization_id, EVERYBODY, REMOVED)
            last = deleted[-1]

    async def _deleted_after(self, organization_id: str) -> list[str]:
        query = {"deleted": True, "_id": {"$gt": organization_id}}
        with translated():
            found = self._organizations.find(query, {"_id": 1}).sort("_id", ASCENDING).limit(_ADOPTED_AT_ONCE)
            return [document["_id"] async for document in found]

    async def _unrevoked(self, organization_ids: list[str]) -> list[str]:
        keys = [revocation_key(organization_id, EVERYBODY) for organization_id in organization_ids]
        with translated():
            found = self._revocations.find({"_id": {"$in": keys}}, {"organizationId": 1})
            known = {document["organizationId"] async for document in found}
        return [organization_id for organization_id in organization_ids if organization_id not in known]


def _revocation(document: Document) -> Revocation:
    """Return it; an api of an earlier version may go on writing some without a time."""
    return Revocation(document["organizationId"], document["userId"], document["revokedAt"], document.get("notedAt", 0))
