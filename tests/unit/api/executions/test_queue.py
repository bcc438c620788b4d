"""Priorities, pools, places in the queue, and the attempts of an execution, over HTTP."""

import msgspec
import orjson
import pytest

from runcast_core.model.clock import iso, now_ms
from runcast_core.model.executions import Attempt, Execution, OutputEnd, Status
from runcast_core.model.wire.executions import ExecutionDetail
from runcast_core.model.wire.shape import encode
from tests.parts.api import Installation, serving

PLACE = {"priority": 7, "pool": "gpu"}


async def _shown(api: Installation, task_id: str) -> dict:
    shown = (await api.call("GET", f"/api/executions/{task_id}")).json()
    assert orjson.loads(encode(msgspec.convert(shown, ExecutionDetail))) == shown  # it has nothing else
    return shown


async def _listed_places(api: Installation) -> dict[str, int | None]:
    page = (await api.call("GET", "/api/executions")).json()
    return {execution["taskId"]: execution.get("queuePosition") for execution in page["executions"]}


async def test_a_request_names_its_priority_and_its_pool(tmp_path):
    """Both are kept where claims look, also by running again; without them it is 0 and the default pool."""
    async with serving(tmp_path) as api:
        await api.requested("t1", config=PLACE)
        await api.requested("t2")
        again = (await api.call("POST", "/api/executions/t1/rerun")).json()["taskId"]
        stored = [await api.store.execution("org_a", task_id) for task_id in ("t1", again, "t2")]
        shown = await _shown(api, "t1")
    places = [(execution.priority, execution.pool) for execution in stored if execution is not None]
    assert places == [(7, "gpu"), (7, "gpu"), (0, "default")]
    assert PLACE.items() <= shown.items()
    assert PLACE.items() <= shown["request"]["config"].items()


async def test_the_place_in_the_queue_is_shown_while_it_waits(tmp_path):
    """By priority, then by age, among the organization's executions of the same pool; in lists too, and in no event."""
    async with serving(tmp_path) as api:
        for task_id, config in (("t1", {}), ("t2", {"priority": 3}), ("t3", {}), ("t4", {"pool": "gpu"})):
            await api.requested(task_id, config=config)
        await api.requested("t1", org="org_b", config={"priority": 10})
        assert [(await _shown(api, f"t{n}")).get("queuePosition") for n in (1, 2, 3, 4)] == [2, 1, 3, 1]
        assert await _listed_places(api) == {"t1": 2, "t2": 1, "t3": 3, "t4": 1}
        claimed = await api.store.claim("org_a", runner_id="r", lease_ms=60_000, limit=1)
        assert claimed is not None
        assert "queuePosition" not in await _shown(api, "t2")
        assert [(await _shown(api, f"t{n}")).get("queuePosition") for n in (1, 3)] == [1, 2]
        assert await _listed_places(api) == {"t1": 1, "t2": None, "t3": 2, "t4": 1}
    assert "queuePosition" not in str(api.bus.published)


async def test_an_execution_that_is_claimed_just_then_has_no_place(tmp_path):
    """Between reading it and asking for its place."""
    async with serving(tmp_path) as api:
        await api.requested("t1")
        place = api.store.queue_positions

        async def claimed_before(*key):
            await api.store.claim("org_a", runner_id="r", lease_ms=60_000, limit=1)
            return await place(*key)

        api.store.queue_positions = claimed_before
        assert "queuePosition" not in await _shown(api, "t1")


async def test_the_attempts_that_ended_are_shown(tmp_path):
    """Each with its own result; the one that runs is the execution itself."""
    async with serving(tmp_path) as api:
        await api.requested("t1", config={"retryAttempts": 1})
        assert (await _shown(api, "t1"))["attempts"] == []
        first = await api.store.claim("org_a", runner_id="r", lease_ms=60_000, limit=1)
        assert first is not None
        told = {"error": "boom", "exit_code": 3, "output": OutputEnd(2, 11, "ab" * 32)}
        queued = await api.store.requeue("org_a", "t1", first.fence, Status.FAILED, **told)
        shown = await _shown(api, "t1")
        assert (shown["status"], shown["attempt"], shown["queuePosition"]) == ("PENDING", 1, 1)
        assert shown["attempts"] == [
            {
                "attempt": 1,
                "status": "FAILED",
                "startedAt": iso(first.started_at),
                "endedAt": iso(queued.attempts[0].ended_at),
                "error": "boom",
                "exitCode": 3,
                "output": {"lastSeq": 2, "bytes": 11, "sha256": "ab" * 32},
            }
        ]
        other = await api.call("GET", "/api/executions/t1", org="org_b")
        assert (other.status_code, other.json()["code"]) == (404, "NOT_FOUND")


async def test_times_of_attempts_are_shown_like_all_times(tmp_path):
    """In ISO 8601, and not at all where there is none."""
    async with serving(tmp_path) as api:
        attempts = (Attempt(1, Status.FAILED, 1_700_000_000_123, 5), Attempt(2, Status.ERROR, 12, None, "runner lost"))
        await api.store.create_execution(Execution("org_a", "t1", "busybox", 1, 1, attempts=attempts))
        first, second = (await _shown(api, "t1"))["attempts"]
    assert (first["startedAt"], first["endedAt"]) == ("1970-01-01T00:00:00.005Z", "2023-11-14T22:13:20.123Z")
    assert second == {"attempt": 2, "status": "ERROR", "endedAt": "1970-01-01T00:00:00.012Z", "error": "runner lost"}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("priority", [11, -11, "1", 1.5, True]),
        ("pool", ["", "a b", "a/b", "x" * 65, "gpu\n", 5]),
        ("retryOnLoss", ["true", 1, 0]),
        ("retryAttempts", [11, -1, "1"]),
    ],
)
async def test_what_cannot_be_is_refused_by_name(tmp_path, name, values):
    """A 400 that says which field; nothing is stored."""
    async with serving(tmp_path) as api:
        for value in values:
            body = {"image": "busybox", "config": {name: value}}
            answer = await api.call("POST", "/api/execution-request", json=body)
            assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")
            assert answer.json()["details"][0]["field"] == f"config.{name}"
        assert await api.store.executions("org_a") == []


async def test_a_request_that_is_older_than_priorities_may_hold_anything_there(tmp_path):
    """It was kept as a further field of `config`: running it again is refused, not a fault."""
    async with serving(tmp_path) as api:
        now = now_ms()
        request = {"image": "busybox", "config": {"priority": "high"}}
        await api.store.create_execution(Execution("org_a", "old", "busybox", now, now, request=request))
        answer = await api.call("POST", "/api/executions/old/rerun")
        assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "priority")
        assert (await _shown(api, "old"))["priority"] == 0
