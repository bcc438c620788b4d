"""Time that has passed for what a store keeps of activity: it is made older, as nobody waits for minutes."""

from typing import Any

from runcast_core.model.clock import now_ms
from runcast_core.model.statistics import MINUTE_MS
from runcast_core.store.mongo.store import MongoStore
from runcast_core.store.sqlite.store import SqliteStore
from runcast_core.store.store import Store
from tests.parts.conditions import until

_AMPLE_MS = 10_000


async def within_one_minute() -> None:
    """Return once the minute is not about to end."""
    await until(lambda: now_ms() % MINUTE_MS < MINUTE_MS - _AMPLE_MS)


async def pass_minutes(store: Store, minutes: int) -> None:
    """Let so many minutes have passed since the last change; fewer than none set the clock back."""
    if isinstance(store, SqliteStore):
        await store._write(lambda c: c.execute(f"UPDATE activity SET minute = -(minute - {minutes})").close())
        await store._write(lambda c: c.execute("UPDATE activity SET minute = -minute").close())
        return
    assert isinstance(store, MongoStore)
    async for document in store._activity.find():
        moved = {str(int(minute) - minutes): bucket for minute, bucket in document["minutes"].items()}
        await store._activity.update_one({"_id": document["_id"]}, {"$set": {"minutes": moved}})


async def kept_minutes(store: Store, organization_id: str) -> list[int] | None:
    """Return the minutes that the store keeps buckets of; None where it keeps nothing at all."""
    if isinstance(store, SqliteStore):
        return await store._read(lambda c: _rows(c, organization_id))
    assert isinstance(store, MongoStore)
    document = await store._activity.find_one({"_id": organization_id})
    return None if document is None else sorted(map(int, document["minutes"]))


def _rows(connection: Any, organization_id: str) -> list[int] | None:
    known = list(connection.execute("SELECT 1 FROM loads WHERE organization_id = ?", (organization_id,)))
    sql = "SELECT minute FROM activity WHERE organization_id = ? ORDER BY minute"
    found = [minute for (minute,) in connection.execute(sql, (organization_id,))]
    return found if known or found else None
