"""The MongoDB store's collections and their indexes."""

import pymongo
from pymongo import ASCENDING, DESCENDING, IndexModel
from pymongo.asynchronous.database import AsyncDatabase

from runcast_core.mongo_documents import Document
from runcast_core.mongo_errors import translated

EMAIL_INDEX = "email"

_EXECUTIONS = [
    IndexModel("slot", name="slot", unique=True),
    IndexModel([("organizationId", ASCENDING), ("createdAt", DESCENDING), ("taskId", DESCENDING)], name="newest"),
    IndexModel(
        [(name, ASCENDING) for name in ("status", "source", "organizationId", "createdAt", "taskId")], name="queue"
    ),
    IndexModel([("runnerId", ASCENDING), ("status", ASCENDING)], name="runner"),
    IndexModel([("unannounced", ASCENDING), ("updatedAt", ASCENDING)], name="unannounced"),
]
_LOG_CHUNKS = [IndexModel([(name, ASCENDING) for name in ("organizationId", "taskId", "attempt", "seq")], name="order")]
_USERS = [
    IndexModel("email", name=EMAIL_INDEX, unique=True),
    IndexModel([(name, ASCENDING) for name in ("organizationId", "createdAt", "_id")], name="members"),
]
_REVOCATIONS = [IndexModel("unannounced", name="unannounced")]


class MongoCollections:
    """What every part of the store works on."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._database = database
        self._organizations = database.organizations
        self._users = database.users
        self._revocations = database.revocations
        self._executions = database.executions
        self._log_chunks = database.logChunks
        self._queues = database.queues

    async def create_indexes(self) -> None:
        """Create what is missing, however long that takes. Safe for many services at once."""
        with translated(), pymongo.timeout(None):
            await self._executions.create_indexes(_EXECUTIONS)
            await self._log_chunks.create_indexes(_LOG_CHUNKS)
            await self._users.create_indexes(_USERS)
            await self._revocations.create_indexes(_REVOCATIONS)

    async def ping(self) -> None:
        with translated():
            await self._database.command("ping")
