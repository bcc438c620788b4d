"""The MongoDB store's collections and their indexes."""

from contextlib import suppress

import pymongo
from pymongo import ASCENDING, DESCENDING, IndexModel, WriteConcern
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure

from runcast_core.model.executions import DEFAULT_POOL
from runcast_core.store.mongo.documents import Document
from runcast_core.store.mongo.errors import translated

EMAIL_INDEX = "email"

_FIRST_QUEUE_INDEX, _FIRST_LOG_INDEX = "queue", "order"
_LIVE_WITHOUT_PRIORITY = {"status": {"$in": ["PENDING", "RUNNING", "ANALYZING"]}, "priority": {"$exists": False}}
"""Executions of the first version that wait, or may again: they would come after all that have a priority."""


NEWEST, NEWEST_OF_STATUS = "newest", "newestOfStatus"
NEWEST_FIRST = [("createdAt", DESCENDING), ("taskId", DESCENDING)]
_END = [("endedAt", DESCENDING), ("taskId", DESCENDING)]
_OF_END = [("status", ASCENDING), ("startedAt", ASCENDING)]
_ENDED = [
    IndexModel([("organizationId", ASCENDING), *_END, ("image", ASCENDING), *_OF_END], name="ended"),
    IndexModel([("organizationId", ASCENDING), ("image", ASCENDING), *_END, *_OF_END], name="endedOfImage"),
]
"""They hold whatever charts need of an execution that ended."""
_EXECUTIONS = [
    IndexModel("slot", name="slot", unique=True),
    IndexModel([("organizationId", ASCENDING), *NEWEST_FIRST], name=NEWEST),
    IndexModel([("organizationId", ASCENDING), ("status", ASCENDING), *NEWEST_FIRST], name=NEWEST_OF_STATUS),
    IndexModel(
        [
            *[(name, ASCENDING) for name in ("status", "source", "organizationId", "pool")],
            *[("priority", DESCENDING), ("createdAt", ASCENDING), ("taskId", ASCENDING)],
        ],
        name="queued",
    ),
    IndexModel([("runnerId", ASCENDING), ("status", ASCENDING)], name="runner"),
    IndexModel([("unannounced", ASCENDING), ("updatedAt", ASCENDING)], name="unannounced"),
    *_ENDED,
]
_OF_ATTEMPT = ("organizationId", "taskId", "attempt")
_LOG_CHUNKS = [
    IndexModel([(name, ASCENDING) for name in (*_OF_ATTEMPT, "seq", "lines", "firstLine")], name="counts"),
    IndexModel([(name, ASCENDING) for name in (*_OF_ATTEMPT, "firstLine", "seq", "lines")], name="lines"),
]
_USERS = [
    IndexModel("email", name=EMAIL_INDEX, unique=True),
    IndexModel([(name, ASCENDING) for name in ("organizationId", "createdAt", "_id")], name="members"),
]
_CREDENTIALS = [
    IndexModel("secretHash", name="secret", unique=True),
    IndexModel([(name, ASCENDING) for name in ("organizationId", "kind", "createdAt", "_id")], name="ofOne"),
    IndexModel([("kind", ASCENDING), ("_id", ASCENDING)], name="ofAll"),
    IndexModel("expiresAt", name="end"),
]
_PAGE_SESSIONS = [
    IndexModel([("organizationId", ASCENDING), ("userId", ASCENDING), ("lastUsedAt", DESCENDING)], name="ofOne"),
    IndexModel("expiresAt", name="end"),
]
_REVOCATIONS = [
    IndexModel("unannounced", name="unannounced"),
    IndexModel([("notedAt", ASCENDING), ("_id", ASCENDING)], name="noted"),
    IndexModel([("userId", ASCENDING), ("notedAt", ASCENDING)], name="subjects"),
]


class MongoCollections:
    """What every part of the store works on."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self._organizations = database.organizations
        self._users = database.users
        self._revocations = database.revocations
        self._credentials = database.credentials
        self._page_sessions = database.pageSessions
        self._executions = database.executions
        self._log_chunks = database.logChunks
        self._queues = database.queues
        self._activity = database.activity.with_options(write_concern=WriteConcern(1))  # a hint; it heals

    async def create_indexes(self) -> None:
        """Create what is missing, however long that takes. Safe for many services at once."""
        with translated(), pymongo.timeout(None):
            await _drop_index(self._executions, _FIRST_QUEUE_INDEX)
            await self._executions.create_indexes(_EXECUTIONS)
            await self._log_chunks.create_indexes(_LOG_CHUNKS)
            await _drop_index(self._log_chunks, _FIRST_LOG_INDEX)
            await self._users.create_indexes(_USERS)
            await self._revocations.create_indexes(_REVOCATIONS)
            await self._credentials.create_indexes(_CREDENTIALS)
            await self._page_sessions.create_indexes(_PAGE_SESSIONS)
            given = {"priority": 0, "pool": DEFAULT_POOL}
            await self._executions.update_many(_LIVE_WITHOUT_PRIORITY, {"$set": given})

    async def ping(self) -> None:
        with translated():
            await self._database.command("ping")


async def _drop_index(collection: AsyncCollection[Document], name: str) -> None:
    if name in await collection.index_information():
        with suppress(OperationFailure):  # somebody else was faster
            await collection.drop_index(name)
