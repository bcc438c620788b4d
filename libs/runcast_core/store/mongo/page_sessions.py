"""The MongoDB store's sessions of pages."""

from pymongo import ASCENDING, DESCENDING

from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import PageSession
from runcast_core.model.errors import NotFound
from runcast_core.store.credential_store import MAX_SESSIONS
from runcast_core.store.mongo import credential_documents as documents
from runcast_core.store.mongo.collections import MongoCollections
from runcast_core.store.mongo.documents import Document
from runcast_core.store.mongo.errors import translated

_NEWEST = [("lastUsedAt", DESCENDING), ("_id", ASCENDING)]


class MongoPageSessions(MongoCollections):
    """See `runcast_core.store.credential_store.SessionStore`."""

    async def add_session(self, session: PageSession) -> None:
        with translated():
            await self._page_sessions.insert_one(documents.session_document(session))
            beyond = self._page_sessions.find(_of(session.organization_id, session.user_id), {"_id": 1})
            beyond = beyond.sort(_NEWEST).skip(MAX_SESSIONS)
            if keys := [document["_id"] async for document in beyond]:
                await self._page_sessions.delete_many({"_id": {"$in": keys}})

    async def session(self, session_id: str) -> PageSession | None:
        with translated():
            document = await self._page_sessions.find_one({"_id": session_id, **_good()})
        return documents.session(document) if document else None

    async def sessions(self, organization_id: str, user_id: str) -> list[PageSession]:
        with translated():
            found = self._page_sessions.find({**_of(organization_id, user_id), **_good()}).sort(_NEWEST)
            return [documents.session(document) async for document in found]

    async def rotate_session(self, session_id: str, old_hash: str, new_hash: str, *, at: int, expires_at: int) -> bool:
        change = {"secretHash": new_hash, "rotatedAt": at}
        change |= {"lastUsedAt": at, "expiresAt": expires_at}
        with translated():
            result = await self._page_sessions.update_one({"_id": session_id, "secretHash": old_hash}, {"$set": change})
        return result.modified_count == 1

    async def end_session(self, organization_id: str, user_id: str, session_id: str) -> None:
        with translated():
            result = await self._page_sessions.delete_one({"_id": session_id, **_of(organization_id, user_id)})
        if not result.deleted_count:
            raise NotFound("no such session")

    async def end_sessions(self, organization_id: str, user_id: str, *, but: str | None = None) -> None:
        with translated():
            await self._page_sessions.delete_many({**_of(organization_id, user_id), "_id": {"$ne": but}})


def _of(organization_id: str, user_id: str) -> Document:
    return {"organizationId": organization_id, "userId": user_id}


def _good() -> Document:
    return {"expiresAt": {"$gt": now_ms()}}
