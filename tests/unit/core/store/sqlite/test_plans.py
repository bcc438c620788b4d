"""How SQLite finds what lists, their counts and places in the queue ask for: along an index, and sorting nothing."""

from pathlib import Path
from typing import Any

import pytest

from runcast_core.model.executions import Status
from runcast_core.store.listing import EVERY, Position, Wanted
from runcast_core.store.sqlite.store import open_sqlite_store
from tests.parts.stores import only, requested

NARROW = {"image": "i", "text": "x", "pool": "p", "requested_by": "u"}
WANTED = {
    "all": (EVERY, "executions_newest"),
    "times": (Wanted(since=1, until=9), "executions_newest"),
    "ended": (only(Status.FAILED, Status.ERROR), "executions_newest"),
    "mixed": (only(Status.FAILED, Status.RUNNING), "executions_newest"),
    "narrow": (Wanted(since=1, until=9, **NARROW), "executions_newest"),
    "live": (only(Status.RUNNING, Status.PENDING), "executions_live"),
    "narrow and live": (Wanted(frozenset({Status.PENDING}), since=1, until=9, **NARROW), "executions_live"),
    "claimed": (only(Status.RUNNING, Status.ANALYZING), "executions_claimed"),
    "narrow and claimed": (Wanted(frozenset({Status.RUNNING}), since=1, until=9, **NARROW), "executions_claimed"),
}
BOUNDS = "(organization_id=? AND (created_at,task_id)>(?,?) AND (created_at,task_id)<(?,?))"
BEFORE = "(organization_id=? AND (created_at,task_id)<(?,?))"


async def _plans(path: Path, *calls: tuple[str, tuple[Any, ...], dict[str, Any]]) -> list[list[str]]:
    """Return the plans of the statements that these verbs read by."""
    seen: list[tuple[str, Any]] = []

    def note(_: object, sql: str, bindings: Any) -> bool:
        seen.append((sql, bindings))
        return True

    async with open_sqlite_store(str(path / "runcast.sqlite")) as store:
        await store.create_execution(requested("a", "t", created_at=5))
        for reader in store._readers:
            reader.exec_trace = note
        for verb, values, named in calls:
            await getattr(store, verb)("a", *values, **named)
        for reader in store._readers:
            reader.exec_trace = None
        explained = [(f"EXPLAIN QUERY PLAN {sql}", bindings) for sql, bindings in seen]
        return [[row[3] for row in store._readers[0].execute(sql, bindings)] for sql, bindings in explained]


@pytest.mark.parametrize(("wanted", "index"), WANTED.values(), ids=WANTED)
async def test_a_list_goes_along_an_index_between_its_bounds(tmp_path, wanted: Wanted, index: str):
    """From where the page before ended to its horizon, and no further."""
    after = {"after": Position(9, "z")}
    calls = [("executions", (wanted,), {**after, "down_to": Position(1, "a")}), ("horizon", (wanted,), after)]
    found, *horizon = await _plans(tmp_path, *calls)
    assert found == [f"SEARCH executions USING INDEX {index} {BOUNDS}"]
    assert len(horizon) == wanted.sifted
    for [step] in horizon:
        assert step.startswith("SEARCH executions USING ")
        assert f"INDEX {index} {BEFORE if wanted.since is None else BOUNDS}" in step


async def test_counts_and_places_come_from_the_index_of_the_queue_alone(tmp_path):
    """No row is read for them, but for the pools of the places; of what waits, which may be very much, no entry is
    counted."""
    counts, pools, places = await _plans(tmp_path, ("live_counts", (), {}), ("queue_positions", (["t"],), {}))
    assert pools[0].endswith(" (organization_id=? AND task_id=?)")
    assert "SEARCH loads USING PRIMARY KEY (organization_id=?)" in counts
    for plan in (counts, places):
        [step] = [step for step in plan if " executions " in step]
        assert step.startswith(
            "SEARCH executions USING COVERING INDEX executions_queued (status=? AND organization_id=?"
        )
        assert not any("TEMP B-TREE" in step for step in plan)
