"""Places in the queue of a pool, counted by MongoDB for many executions at once: what lies between them is added up."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from runcast_core.model.executions import DEFAULT_POOL
from runcast_core.store.mongo.documents import Document


class Place(NamedTuple):
    """Where an execution waits. Within a pool the smaller is claimed first."""

    pool: str
    behind: int
    """Its priority, the other way round."""
    created_at: int
    task_id: str

    @classmethod
    def of(cls, document: Document) -> "Place":
        priority, pool = document.get("priority", 0), document.get("pool", DEFAULT_POOL)
        return cls(pool, -priority, document["createdAt"], document["taskId"])


FIELDS = dict.fromkeys(("priority", "pool", "createdAt", "taskId"), 1)
"""What is read of a document for its place."""
_PLACE: Document = {
    "_id": 0,
    "place": [
        {"$ifNull": ["$pool", DEFAULT_POOL]},
        {"$multiply": [-1, {"$ifNull": ["$priority", 0]}]},
        "$createdAt",
        "$taskId",
    ],
}


def counted_before(places: Sequence[Place]) -> list[Document]:
    """Return the stages that count the queue of a pool: how much comes before which of the places, which are sorted,
    but not before the one in front of it."""
    group = {"_id": _first_after(places, 0, len(places)), "found": {"$sum": 1}}
    return [{"$project": _PLACE}, {"$group": group}]


def numbered(places: Sequence[Place], counts: Mapping[int, int], counted: int) -> dict[str, int]:
    """Return the places of a pool by task id, counted from 1, but not those behind as many as were counted."""
    ahead = accumulate(counts.get(number, 0) for number in range(len(places)))
    numbers = ((place.task_id, before + 1) for place, before in zip(places, ahead, strict=True))
    return {task_id: number for task_id, number in numbers if number <= counted}


def _first_after(places: Sequence[Place], low: int, high: int) -> Any:
    """Return the expression for the number of the first place behind a document's own: a search by halves."""
    if low == high:
        return low
    middle = (low + high) // 2
    comes_before = {"$lt": ["$place", {"$literal": list(places[middle])}]}
    return {"$cond": [comes_before, _first_after(places, low, middle), _first_after(places, middle + 1, high)]}
