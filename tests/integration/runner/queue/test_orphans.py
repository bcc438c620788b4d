"""Which jobs are orphans, on the real SQLite store, with an executor that finds what a test says."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from runcast_core.model.executions import AttemptKey, Execution, Status
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from runcast_runner.executors.dummy_executor import DummyExecutor
from runcast_runner.executors.executor import FoundJob
from runcast_runner.metrics import RunnerMetrics
from runcast_runner.queue.orphans import Orphans, remove_jobs_of

OWN, OTHER = "own", "other"
CREATED_AT = 1_700_000_000_000


class Finding(DummyExecutor):
    """Has found these jobs."""

    def __init__(self, *jobs: FoundJob) -> None:
        super().__init__()
        self.left = list(jobs)

    async def found(self) -> list[FoundJob]:
        return list(self.left)

    async def remove(self, found: FoundJob) -> None:
        self.left.remove(found)


def _job(task_id: str, runner_id: str, attempt: int = 1, created_at: int = CREATED_AT) -> FoundJob:
    return FoundJob(AttemptKey("org", task_id, attempt, created_at), runner_id, True, None)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(f"sqlite://{tmp_path}/runcast.sqlite") as store:
        yield store


async def _claimed(store: Store, task_id: str, runner_id: str) -> Execution:
    execution = Execution("org", task_id, "image", CREATED_AT, CREATED_AT, request={"image": "image"})
    await store.create_execution(execution)
    await store.announced("org", task_id, 1)
    claimed = await store.claim("org", runner_id=runner_id, lease_ms=60_000, limit=10)
    assert claimed is not None
    return claimed


async def _left(
    store: Store, *jobs: FoundJob, runs: frozenset[AttemptKey] = frozenset()
) -> tuple[list[FoundJob], float]:
    """Return what is left after removing the orphans of these jobs, and how many were counted."""
    registry = CollectorRegistry()
    executor = Finding(*jobs)
    await Orphans(store, executor, OWN, lambda: runs, RunnerMetrics(registry)).remove()
    return executor.left, registry.get_sample_value("runcast_runner_orphans_total") or 0


async def test_own_jobs_live_while_this_runner_runs_them(store):
    """Whatever the store says."""
    lives, orphan = _job("t1", OWN), _job("t2", OWN)
    await _claimed(store, "t2", OWN)
    assert await _left(store, lives, orphan, runs=frozenset({lives.key})) == ([lives], 1)


async def test_jobs_of_another_runner_live_while_it_holds_their_attempt(store):
    """Also past its lease, until somebody ends that: it may come back to them."""
    await _claimed(store, "t1", OTHER)
    live = _job("t1", OTHER)
    orphans = [
        _job("t1", OTHER, attempt=2),
        _job("t1", "third"),
        _job("unknown", OTHER),
        _job("t1", OTHER, created_at=1),
    ]
    assert await _left(store, live, *orphans) == ([live], 4)


async def test_the_job_of_an_execution_that_ended_is_an_orphan(store):
    """Its runner should have removed it, and could not."""
    held = await _claimed(store, "t1", OTHER)
    await store.transition("org", "t1", held.fence, Status.PASSED)
    assert await _left(store, _job("t1", OTHER)) == ([], 1)


async def test_the_job_of_another_organization_is_judged_by_its_own_execution(store):
    """A task id says nothing without its organization."""
    await _claimed(store, "t1", OTHER)
    other = FoundJob(AttemptKey("other-org", "t1", 1, CREATED_AT), OTHER, True, None)
    assert await _left(store, other) == ([], 1)


async def test_all_jobs_of_a_runner_that_runs_no_more_are_removed():
    """And no other one's."""
    executor = Finding(_job("t1", OWN), other := _job("t2", OTHER), _job("t3", OWN))
    await remove_jobs_of(executor, OWN)
    assert executor.left == [other]
