"""The MongoDB store's keys and one-time links."""

from collections.abc import Collection

from pymongo import ASCENDING

from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import Credential, CredentialKind
from runcast_core.model.errors import NotFound
from runcast_core.store.credential_store import MAX_CREDENTIALS, too_many_credentials
from runcast_core.store.mongo import credential_documents as documents
from runcast_core.store.mongo.collections import MongoCollections
from runcast_core.store.mongo.documents import Document
from runcast_core.store.mongo.errors import translated


class MongoCredentials(MongoCollections):
    """See `runcast_core.store.credential_store.CredentialStore`."""

    async def add_credential(self, credential: Credential) -> None:
        """Several at once may exceed `MAX_CREDENTIALS` by as many."""
        owner = {"organizationId": credential.organization_id, "kind": credential.kind.value}
        with translated():
            if await self._credentials.count_documents({**owner, **_good()}, limit=MAX_CREDENTIALS) >= MAX_CREDENTIALS:
                raise too_many_credentials()
            await self._credentials.insert_one(documents.credential_document(credential))

    async def credential(self, secret_hash: str) -> Credential | None:
        with translated():
            document = await self._credentials.find_one({"secretHash": secret_hash, **_good()})
        return documents.credential(document) if document else None

    async def credentials(self, organization_id: str, kinds: Collection[CredentialKind]) -> list[Credential]:
        query = {"organizationId": organization_id, **_of(kinds), **_good()}
        with translated():
            found = self._credentials.find(query).sort([("createdAt", ASCENDING), ("_id", ASCENDING)])
            return [documents.credential(document) async for document in found]

    async def credentials_after(self, kind: CredentialKind, after: str, *, limit: int = 500) -> list[Credential]:
        query = {"kind": kind.value, "_id": {"$gt": after}, **_good()}
        with translated():
            found = self._credentials.find(query).sort("_id", ASCENDING).limit(limit)
            return [documents.credential(document) async for document in found]

    async def remove_credential(
        self, organization_id: str, credential_id: str, kinds: Collection[CredentialKind]
    ) -> Credential:
        query = {"_id": credential_id, "organizationId": organization_id, **_of(kinds)}
        with translated():
            document = await self._credentials.find_one_and_delete(query)
        if document is None:
            raise NotFound("no such credential")
        return documents.credential(document)

    async def spend_credential(self, secret_hash: str, kind: CredentialKind) -> Credential | None:
        query = {"secretHash": secret_hash, "kind": kind.value, **_good()}
        with translated():
            document = await self._credentials.find_one_and_delete(query)
        return documents.credential(document) if document else None

    async def note_credential_used(self, secret_hash: str, at: int) -> None:
        with translated():
            await self._credentials.update_one({"secretHash": secret_hash}, {"$max": {"lastUsedAt": at}})

    async def remove_expired(self, before: int, *, limit: int = 500) -> int:
        removed = 0
        with translated():
            for collection in (self._credentials, self._page_sessions):
                found = collection.find({"expiresAt": {"$lt": before, "$ne": None}}, {"_id": 1}).limit(limit)
                if keys := [document["_id"] async for document in found]:
                    removed += (await collection.delete_many({"_id": {"$in": keys}})).deleted_count
        return removed


def _good() -> Document:
    return {"$or": [{"expiresAt": None}, {"expiresAt": {"$gt": now_ms()}}]}


def _of(kinds: Collection[CredentialKind]) -> Document:
    return {"kind": {"$in": [kind.value for kind in kinds]}}
