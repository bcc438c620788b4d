"""The store on MongoDB 4.4 or later, for any number of services. Single-document updates only; no transactions."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, ReturnDocument
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, ConfigurationError, DuplicateKeyError, InvalidURI

from runcast_core import mongo_documents as documents
from runcast_core.accounts import Organization, User
from runcast_core.errors import Conflict, NotFound, SettingError
from runcast_core.executions import CLAIMED, TERMINAL, Execution, LogChunk, Status, canonical, external_execution
from runcast_core.identifiers import check_organization_id, execution_key
from runcast_core.mongo_documents import Document
from runcast_core.mongo_errors import translated
from runcast_core.mongo_leases import MongoLeases
from runcast_core.store import Position

TIMEOUT_MS = 5000
_DUPLICATE_KEY = 11000


class MongoStore(MongoLeases):
    """See `runcast_core.store.Store`."""

    async def create_indexes(self) -> None:
        """Create what is missing. Safe for many services at once."""
        executions, chunks = self._executions, self._database.logChunks
        newest = [("organizationId", ASCENDING), ("createdAt", DESCENDING), ("taskId", DESCENDING)]
        with translated():
            await executions.create_index("slot", unique=True, name="slot")
            await executions.create_index(newest, name="newest")
            queue = [("status", ASCENDING), ("organizationId", ASCENDING), ("createdAt", ASCENDING)]
            await executions.create_index(queue, name="queue")
            unannounced = [("unannounced", ASCENDING), ("updatedAt", ASCENDING)]
            await executions.create_index(unannounced, name="unannounced")
            await executions.create_index("runnerId", name="runner")
            order = [(name, ASCENDING) for name in ("organizationId", "taskId", "attempt", "seq")]
            await chunks.create_index(order, name="order")
            await self._database.users.create_index("email", unique=True, name="email")

    async def create_account(self, organization: Organization, user: User) -> None:
        with translated():
            await self._database.organizations.insert_one(documents.organization_document(organization))
            try:
                await self._database.users.insert_one(documents.user_document(user))
            except DuplicateKeyError as exc:
                await self._database.organizations.delete_one({"_id": organization.organization_id})
                raise Conflict("a user with this e-mail address exists", code="EMAIL_TAKEN") from exc

    async def user_by_email(self, email: str) -> User | None:
        return await self._user({"email": email})

    async def user(self, organization_id: str, user_id: str) -> User | None:
        return await self._user({"_id": user_id, "organizationId": organization_id})

    async def _user(self, query: Document) -> User | None:
        with translated():
            document = await self._database.users.find_one(query)
        return documents.user(document) if document else None

    async def organization(self, organization_id: str) -> Organization | None:
        with translated():
            document = await self._database.organizations.find_one({"_id": organization_id})
        return documents.organization(document) if document else None

    async def delete_organization(self, organization_id: str) -> None:
        query = {"_id": check_organization_id(organization_id)}
        with translated():
            await self._database.organizations.update_one(query, {"$set": {"deleted": True}}, upsert=True)

    async def create_execution(self, execution: Execution) -> tuple[Execution, bool]:
        document = documents.new_execution_document(execution)
        with translated():
            try:
                await self._executions.insert_one(document)
            except DuplicateKeyError:
                return await self._same(execution, document["request"]), False
        return execution, True

    async def _same(self, execution: Execution, request: str) -> Execution:
        found = await self._existing(execution.organization_id, execution.task_id)
        if canonical(found.request) != request:
            raise Conflict("this taskId stands for a different request", code="TASK_EXISTS")
        return found

    async def execution(self, organization_id: str, task_id: str) -> Execution | None:
        with translated():
            document = await self._executions.find_one({"_id": execution_key(organization_id, task_id)})
        return documents.execution(document) if document else None

    async def executions(
        self,
        organization_id: str,
        *,
        status: Status | None = None,
        image: str | None = None,
        after: Position | None = None,
        limit: int = 50,
    ) -> list[Execution]:
        query: Document = {"organizationId": organization_id}
        if status is not None:
            query["status"] = status.value
        if image is not None:
            query["image"] = {"$eq": image}
        if after is not None:
            same = {"createdAt": after.created_at, "taskId": {"$lt": after.task_id}}
            query["$or"] = [{"createdAt": {"$lt": after.created_at}}, same]
        with translated():
            found = self._executions.find(query).sort([("createdAt", DESCENDING), ("taskId", DESCENDING)]).limit(limit)
            return [documents.execution(document) async for document in found]

    async def request_cancel(self, organization_id: str, task_id: str) -> Execution:
        key = execution_key(organization_id, task_id)
        while True:
            found = await self._existing(organization_id, task_id)
            if found.status.terminal:
                raise Conflict(f"the execution has ended as {found.status.value}", code="ALREADY_ENDED")
            query = {"_id": key, "rev": found.rev}
            if found.status in CLAIMED and found.runner_id is not None:
                changed = await self._flag_cancel(query)
            else:
                changed = await self._change(query, organization_id, task_id, Status.CANCELLED)
            if changed is not None:
                return changed

    async def _flag_cancel(self, query: Document) -> Execution | None:
        with translated():
            document = await self._executions.find_one_and_update(
                query, {"$set": {"cancelRequested": True}}, return_document=ReturnDocument.AFTER
            )
        return documents.execution(document) if document else None

    async def delete_execution(self, organization_id: str, task_id: str) -> None:
        ended = {"_id": execution_key(organization_id, task_id), "status": {"$in": sorted(TERMINAL)}}
        await self._existing(organization_id, task_id)
        with translated():
            if (await self._executions.delete_one(ended)).deleted_count == 0:
                raise Conflict("the execution has not ended; cancel it first", code="STILL_LIVE")
            await self._database.logChunks.delete_many({"organizationId": organization_id, "taskId": task_id})

    async def record_external(
        self,
        organization_id: str,
        task_id: str,
        status: Status | None,
        *,
        image: str | None = None,
        error: str | None = None,
        exit_code: int | None = None,
    ) -> Execution:
        known = {name: value for name, value in (("error", error), ("exitCode", exit_code)) if value is not None}
        while True:
            found = await self.execution(organization_id, task_id)
            if found is None:
                new = external_execution(organization_id, task_id, status or Status.RUNNING, image, error, exit_code)
                found, created = await self._insert_external(new)
                if created:
                    return found
            if status is None or not found.status.may_become(status):
                return found
            query = {"_id": execution_key(organization_id, task_id), "rev": found.rev}
            changed = await self._change(query, organization_id, task_id, status, **known)
            if changed is not None:
                return changed

    async def _insert_external(self, execution: Execution) -> tuple[Execution, bool]:
        with translated():
            try:
                await self._executions.insert_one(documents.new_execution_document(execution))
            except DuplicateKeyError:
                return await self._existing(execution.organization_id, execution.task_id), False
        return execution, True

    async def append_logs(self, chunks: Sequence[LogChunk]) -> None:
        with translated():
            try:
                await self._database.logChunks.insert_many(map(documents.chunk_document, chunks), ordered=False)
            except BulkWriteError as exc:
                if any(fault["code"] != _DUPLICATE_KEY for fault in exc.details["writeErrors"]):
                    raise

    async def append_external_log(self, organization_id: str, task_id: str, text: str, ts: int) -> LogChunk:
        with translated():
            document = await self._executions.find_one_and_update(
                {"_id": execution_key(organization_id, task_id)},
                {"$inc": {"logSeq": 1}},
                return_document=ReturnDocument.AFTER,
            )
        if document is None:
            raise NotFound("no such execution")
        chunk = LogChunk(organization_id, task_id, 0, document["logSeq"], text, ts)
        await self.append_logs([chunk])
        return chunk

    async def read_logs(
        self, organization_id: str, task_id: str, *, attempt: int, after: int = 0, limit: int = 1000
    ) -> list[LogChunk]:
        query = {"organizationId": organization_id, "taskId": task_id, "attempt": attempt, "seq": {"$gt": after}}
        with translated():
            found = self._database.logChunks.find(query).sort("seq", ASCENDING).limit(limit)
            return [documents.chunk(document) async for document in found]

    async def unannounced(self, *, before: int, limit: int = 100) -> list[Execution]:
        query = {"unannounced": True, "updatedAt": {"$lt": before}}
        with translated():
            found = self._executions.find(query).sort("updatedAt", ASCENDING).limit(limit)
            return [documents.execution(document) async for document in found]

    async def announced(self, organization_id: str, task_id: str, rev: int) -> None:
        query = {"_id": execution_key(organization_id, task_id), "rev": rev}
        with translated():
            await self._executions.update_one(query, {"$set": {"unannounced": False}})

    async def ping(self) -> None:
        with translated():
            await self._database.command("ping")

    async def _existing(self, organization_id: str, task_id: str) -> Execution:
        found = await self.execution(organization_id, task_id)
        if found is None:
            raise NotFound("no such execution")
        return found


@asynccontextmanager
async def open_mongo_store(url: str) -> AsyncIterator[MongoStore]:
    """Open the database that the URL names, else `runcast`. Raises `SettingError`, or `StoreUnavailable` after 5 s."""
    try:
        client: AsyncMongoClient[Document] = AsyncMongoClient(url, serverSelectionTimeoutMS=TIMEOUT_MS)
        database: AsyncDatabase[Any] = client.get_default_database("runcast")
    except (InvalidURI, ConfigurationError, ValueError) as exc:
        raise SettingError(f"MONGODB_URL is not a valid MongoDB URL: {type(exc).__name__}") from None
    async with client:
        store = MongoStore(database)
        await store.create_indexes()
        yield store
