"""The MongoDB store's revoked sessions."""

import asyncio
from typing import Any

from pymongo import ReturnDocument

from runcast_core.bus.revocations import Revocation
from runcast_core.model.accounts import Standing
from runcast_core.model.identifiers import revocation_key
from runcast_core.store.mongo.collections import MongoCollections
from runcast_core.store.mongo.documents import Document
from runcast_core.store.mongo.errors import translated


class MongoRevocations(MongoCollections):
    """See `runcast_core.store.account_store.RevocationStore`."""

    async def standing(self, organization_id: str, user_id: str) -> Standing:
        """Two reads by key, at the same time."""
        key = revocation_key(organization_id, user_id)
        with translated():
            organization, revocation = await asyncio.gather(
                self._organizations.find_one({"_id": organization_id}, {"deleted": 1}),
                self._revocations.find_one({"_id": key}, {"revokedAt": 1}),
            )
        deleted = organization is not None and organization["deleted"]
        return Standing(deleted, revocation["revokedAt"] if revocation else None)

    async def revoke_sessions(self, organization_id: str, user_id: str, at: int) -> Revocation:
        owner = {"organizationId": organization_id, "userId": user_id}
        with translated():
            document: Any = await self._revocations.find_one_and_update(
                {"_id": revocation_key(organization_id, user_id)},
                {"$max": {"revokedAt": at}, "$set": {"unannounced": True}, "$setOnInsert": owner},
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        return _revocation(document)

    async def unannounced_revocations(self, *, limit: int = 100) -> list[Revocation]:
        with translated():
            found = self._revocations.find({"unannounced": True}).limit(limit)
            return [_revocation(document) async for document in found]

    async def revocation_announced(self, revocation: Revocation) -> None:
        key = {"_id": revocation_key(revocation.organization_id, revocation.user_id), "revokedAt": revocation.at}
        with translated():
            await self._revocations.update_one(key, {"$set": {"unannounced": False}})


def _revocation(document: Document) -> Revocation:
    return Revocation(document["organizationId"], document["userId"], document["revokedAt"])
