"""The store on MongoDB 4.4 or later, for any number of services. Single-document updates only; no transactions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo import AsyncMongoClient, ReadPreference, ReturnDocument, WriteConcern
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import DuplicateKeyError, PyMongoError

from runcast_core.model.clock import now_ms
from runcast_core.model.errors import Conflict, NotFound, SettingError
from runcast_core.model.executions import (
    CLAIMED,
    AttemptKey,
    Execution,
    ExecutionSummary,
    Status,
    external_execution,
    same_request,
)
from runcast_core.model.identifiers import execution_key
from runcast_core.model.statistics import NOTHING, load_of
from runcast_core.store.mongo import documents
from runcast_core.store.mongo.accounts import MongoAccounts
from runcast_core.store.mongo.credentials import MongoCredentials
from runcast_core.store.mongo.documents import Document
from runcast_core.store.mongo.errors import translated
from runcast_core.store.mongo.leases import HELD, MongoLeases
from runcast_core.store.mongo.listing import MongoListing
from runcast_core.store.mongo.logs import MongoLogs
from runcast_core.store.mongo.page_sessions import MongoPageSessions
from runcast_core.store.mongo.retention import MongoRetention
from runcast_core.store.mongo.statistics import MongoStatistics
from runcast_core.store.mongo.users import MongoUsers
from runcast_core.store.store import check_runs, still_held

TIMEOUT_MS = 5000
"""How long a server is looked for; an operation takes at most twice that."""


class MongoStore(
    MongoAccounts,
    MongoUsers,
    MongoCredentials,
    MongoPageSessions,
    MongoListing,
    MongoLeases,
    MongoLogs,
    MongoRetention,
    MongoStatistics,
):
    """See `runcast_core.store.store.Store`."""

    async def create_execution(self, execution: Execution) -> tuple[Execution, bool]:
        while not await self._insert(execution):
            found = await self.execution(execution.organization_id, execution.task_id)
            if found is None:
                continue  # deleted since
            if not same_request(found, execution):
                raise Conflict("this taskId stands for a different request", code="TASK_EXISTS")
            return found, False
        return execution, True

    async def _insert(self, execution: Execution) -> bool:
        with translated():
            try:
                await self._executions.insert_one(documents.new_execution_document(execution))
            except DuplicateKeyError:
                return False
        await self._note(execution.organization_id, NOTHING, load_of(execution.status))
        return True

    async def execution(self, organization_id: str, task_id: str) -> Execution | None:
        with translated():
            document = await self._executions.find_one({"_id": execution_key(organization_id, task_id)})
        return documents.execution(document) if document else None

    async def summary(self, organization_id: str, task_id: str) -> ExecutionSummary | None:
        with translated():
            key = execution_key(organization_id, task_id)
            document = await self._executions.find_one({"_id": key}, documents.SUMMARY)
        return documents.summary(document) if document else None

    async def _existing(self, organization_id: str, task_id: str) -> Execution:
        found = await self.execution(organization_id, task_id)
        if found is None:
            raise NotFound("no such execution")
        return found

    async def request_cancel(self, organization_id: str, task_id: str) -> Execution:
        while True:
            found = await self._existing(organization_id, task_id)
            if found.status.terminal:
                raise Conflict(f"the execution has ended as {found.status.value}", code="ALREADY_ENDED")
            if found.status in CLAIMED and found.runner_id is not None:
                changed = await self._flag_cancel(_unchanged(found))
            else:
                changed = await self._change(_unchanged(found), organization_id, task_id, Status.CANCELLED)
            if changed is not None:
                return changed

    async def _flag_cancel(self, query: Document) -> Execution | None:
        with translated():
            document = await self._executions.find_one_and_update(
                query, {"$set": {"cancelRequested": True}}, return_document=ReturnDocument.AFTER
            )
        return documents.execution(document) if document else None

    async def delete_execution(self, organization_id: str, task_id: str) -> None:
        """The output goes first, so that a crash between leaves nothing for the next execution of the same name."""
        found = await self._existing(organization_id, task_id)
        if not found.status.terminal:
            raise Conflict("the execution has not ended; cancel it first", code="STILL_LIVE")
        with translated():
            if await self._executions.find_one({"_id": execution_key(organization_id, task_id), **HELD}, {"_id": 1}):
                raise still_held()
            await self._log_chunks.delete_many({"organizationId": organization_id, "taskId": task_id})
            await self._executions.delete_one(_unchanged(found))

    async def record_external(
        self,
        organization_id: str,
        task_id: str,
        status: Status | None,
        *,
        image: str | None = None,
        error: str | None = None,
        exit_code: int | None = None,
        attempt: AttemptKey | None = None,
    ) -> Execution:
        known: Document = {n: value for n, value in (("error", error), ("exitCode", exit_code)) if value is not None}
        while True:
            found = await self.execution(organization_id, task_id)
            check_runs(found, attempt)
            if found is None:
                new = external_execution(organization_id, task_id, status or Status.RUNNING, image, error, exit_code)
                if await self._insert(new):
                    return new
                continue  # somebody else reported it first
            if status is None or not found.status.may_become(status):
                return found
            fields = known | _start(found, status)
            changed = await self._change(_unchanged(found), organization_id, task_id, status, keep_lease=True, **fields)
            if changed is not None:
                return changed


def _unchanged(known: Execution) -> Document:
    """Match the execution only in the very state that was read; whoever is refused reads again."""
    key = execution_key(known.organization_id, known.task_id)
    return {"_id": key, "rev": known.rev, "status": known.status.value}


def _start(known: Execution, status: Status) -> dict[str, int]:
    begins = known.started_at is None and status not in {Status.PENDING, Status.CANCELLED}
    return {"startedAt": now_ms()} if begins else {}


@asynccontextmanager
async def open_mongo_store(url: str) -> AsyncIterator[MongoStore]:
    """Open the database that the URL names, else `runcast`. Raises `SettingError`, or `StoreUnavailable` after 5 s."""
    client = _client(url)
    async with client:
        store = MongoStore(_database(client))
        await store.create_indexes()
        await store.adopt()
        yield store


def _client(url: str) -> AsyncMongoClient[Document]:
    try:
        return AsyncMongoClient(url, serverSelectionTimeoutMS=TIMEOUT_MS, timeoutMS=2 * TIMEOUT_MS)
    except (PyMongoError, ValueError, OSError):  # whose texts may repeat the password
        raise SettingError(
            "MONGODB_URL is not a valid MongoDB URL: write mongodb://user:password@host:port/database, "
            "with user and password percent-encoded"
        ) from None


def _database(client: AsyncMongoClient[Document]) -> AsyncDatabase[Document]:
    """Reads come from the primary and writes count once a majority has them, whatever the URL says: idempotence,
    fences and what was acknowledged rest on that."""
    return client.get_default_database(
        "runcast",
        documents.PLAIN_NUMBERS,
        read_preference=ReadPreference.PRIMARY,
        write_concern=WriteConcern("majority"),
    )
