"""The MongoDB store's output, in a collection of its own, and what was not announced yet."""

from collections.abc import Sequence

from pymongo import ASCENDING, DESCENDING
from pymongo.errors import BulkWriteError, DuplicateKeyError

from runcast_core.model.errors import NotFound
from runcast_core.model.executions import ExecutionSummary, LogChunk, utf8_bytes
from runcast_core.model.identifiers import execution_key
from runcast_core.store.log_store import BEGINNING, PAGE_BYTES, Place, unbroken
from runcast_core.store.mongo import documents
from runcast_core.store.mongo.collections import MongoCollections
from runcast_core.store.mongo.documents import Document
from runcast_core.store.mongo.errors import DUPLICATE_KEY, translated

_BATCH = 16
"""How many chunks the server sends at a time: a page of full ones. What it sends beyond a page is sent in vain."""

_PLACE = {"_id": 0, "seq": 1, "firstLine": 1, "lines": 1}
"""What is in an index beside the attempt, so that no document is looked at."""


class MongoLogs(MongoCollections):
    """See `runcast_core.store.log_store.LogStore`."""

    async def append_logs(self, chunks: Sequence[LogChunk]) -> None:
        if not chunks:
            return
        with translated():
            try:
                await self._log_chunks.insert_many(map(documents.chunk_document, chunks), ordered=False)
            except BulkWriteError as exc:
                if not _only_duplicates(exc):
                    raise

    async def append_external_log(self, organization_id: str, task_id: str, text: str, ts: int) -> LogChunk:
        """A number is taken by the insert itself, above the last one that is there: readers who page by `after` meet
        no chunk that comes later with a lower number."""
        key = execution_key(organization_id, task_id)
        with translated():
            while True:
                last = await self._last_external(organization_id, task_id)
                chunk = LogChunk(organization_id, task_id, 0, last.seq + 1, text, ts, first_line=last.next_line())
                try:
                    await self._log_chunks.insert_one(documents.chunk_document(chunk))
                except DuplicateKeyError:
                    continue  # somebody was faster
                if await self._executions.find_one({"_id": key}, {"_id": 1}):
                    return chunk
                await self._log_chunks.delete_one({"_id": documents.chunk_id(chunk)})  # never was, or deleted meanwhile
                raise NotFound("no such execution")

    async def _last_external(self, organization_id: str, task_id: str) -> Place:
        query = {"organizationId": organization_id, "taskId": task_id, "attempt": 0}
        last = await self._log_chunks.find_one(query, _PLACE, sort=[("seq", DESCENDING)])
        return _place(last) if last else BEGINNING

    async def read_logs(
        self, organization_id: str, task_id: str, *, attempt: int, after: int = 0, limit: int = 1000
    ) -> list[LogChunk]:
        query = {"organizationId": organization_id, "taskId": task_id, "attempt": attempt, "seq": {"$gt": after}}
        return await self._page(query, ASCENDING, limit)

    async def read_logs_before(
        self, organization_id: str, task_id: str, *, attempt: int, before: int | None = None, limit: int = 1000
    ) -> list[LogChunk]:
        query: Document = {"organizationId": organization_id, "taskId": task_id, "attempt": attempt}
        if before is not None:
            query["seq"] = {"$lt": before}
        return (await self._page(query, DESCENDING, limit))[::-1]

    async def _page(self, query: Document, direction: int, limit: int) -> list[LogChunk]:
        chunks, length = [], 0
        with translated():
            async with self._log_chunks.find(query, batch_size=_BATCH).sort("seq", direction).limit(limit) as found:
                async for document in found:
                    chunks.append(documents.chunk(document))
                    length += utf8_bytes(chunks[-1].text)
                    if length >= PAGE_BYTES:
                        break
        return chunks

    async def chunk_of_line(self, organization_id: str, task_id: str, *, attempt: int, line: int) -> Place | None:
        key = {"organizationId": organization_id, "taskId": task_id, "attempt": attempt}
        query, order = key | {"firstLine": {"$lte": line}}, [("firstLine", DESCENDING)]
        with translated():
            found = await self._log_chunks.find_one(query, _PLACE, sort=order)
        return _place(found) if found else None

    async def line_counts(
        self, organization_id: str, task_id: str, *, attempt: int, after: int = 0, limit: int = 1000
    ) -> list[int | None]:
        query = {"organizationId": organization_id, "taskId": task_id, "attempt": attempt, "seq": {"$gt": after}}
        with translated():
            found = self._log_chunks.find(query, _PLACE).sort("seq", ASCENDING).limit(limit)
            return unbroken([(document["seq"], document.get("lines")) async for document in found], after)

    async def unannounced(self, *, before: int, limit: int = 100) -> list[ExecutionSummary]:
        query = {"unannounced": True, "updatedAt": {"$lt": before}}
        with translated():
            found = self._executions.find(query, documents.SUMMARY).sort("updatedAt", ASCENDING).limit(limit)
            return [documents.summary(document) async for document in found]

    async def announced(self, organization_id: str, task_id: str, rev: int) -> None:
        query = {"_id": execution_key(organization_id, task_id), "rev": rev}
        with translated():
            await self._executions.update_one(query, {"$set": {"unannounced": False}})


def _place(document: Document) -> Place:
    return Place(document["seq"], document.get("firstLine"), document.get("lines"))


def _only_duplicates(error: BulkWriteError) -> bool:
    """Tell whether all is stored: a write that too few members confirmed may be rolled back, so it does not count."""
    if error.details.get("writeConcernErrors"):
        return False
    return all(fault["code"] == DUPLICATE_KEY for fault in error.details["writeErrors"])
