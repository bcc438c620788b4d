"""What an organization is set to, as a runner obeys it, over every adapter of the store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import anyio
import pytest

from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.accounts import Organization
from runcast_core.model.errors import StoreUnavailable
from runcast_core.model.executions import Execution, Status
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from runcast_runner.attempt import time_limit
from runcast_runner.executors.dummy_executor import DummyExecutor
from runcast_runner.executors.executor import FoundJob, Job, Running
from tests.parts.conditions import until
from tests.parts.runner import ORG, FaultyStore, dummy_request, running_runner, until_status
from tests.parts.stores import only, store_url  # noqa: F401 - a fixture


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        yield opened


@pytest.mark.parametrize(
    ("asked", "own", "longest", "effective"),
    [(1000, 1, "600", 1), (None, 1, "600", 1), (0.2, 1, "600", 0.2), (None, 600, "0.2", 0.2), (0.3, None, "600", 0.3)],
)
async def test_the_least_of_three_times_ends_an_execution(store, asked, own, longest, effective):
    """What was asked for, what the organization may take and what the runner allows."""
    await store.change_organization(ORG, timeout_limit_s=own)
    task_id = await dummy_request(store, hang="1", timeout=asked)
    async with running_runner(store, MemoryBus(), DummyExecutor(), RUNCAST_MAX_TIMEOUT=longest):
        ended = await until_status(store, task_id)
    assert (ended.status, ended.error) == (Status.TIMED_OUT, f"timed out after {effective:g} s")


async def test_a_limit_of_time_is_one_organizations(store):
    """Another's execution goes on."""
    await store.change_organization(ORG, timeout_limit_s=1)
    task_id, other = await dummy_request(store, hang="1"), await dummy_request(store, "other", hang="1")
    async with running_runner(store, MemoryBus(), DummyExecutor()):
        await until_status(store, other, Status.RUNNING, organization_id="other")
        assert (await until_status(store, task_id)).status is Status.TIMED_OUT
        assert (await store.execution("other", other)).status is Status.RUNNING


class TakenUp(DummyExecutor):
    """Goes on with what has run for a minute."""

    @asynccontextmanager
    async def running(self, job: Job, found: FoundJob | None = None) -> AsyncIterator[Running]:
        async with super().running(job, found) as running:
            yield replace(running, ran_s=60.0)


async def test_the_time_of_a_job_that_was_taken_up_counts_from_its_start(store):
    """Not from the new runner's."""
    await store.change_organization(ORG, timeout_limit_s=60)
    task_id = await dummy_request(store, hang="1")
    async with running_runner(store, MemoryBus(), TakenUp()):
        assert (await until_status(store, task_id)).error == "timed out after 60 s"


async def test_a_store_that_cannot_tell_the_limit_holds_up_no_attempt(store, monkeypatch):
    """Once it answers, the limit holds from the attempt's beginning on."""
    monkeypatch.setattr(time_limit, "RETRY_S", 0.01)
    executor, asked, answers = TakenUp(), [], anyio.Event()

    class Away(FaultyStore):
        async def organization(self, organization_id: str) -> Organization | None:
            asked.append(organization_id)
            if not answers.is_set():
                raise StoreUnavailable("switched off")
            return await self._store.organization(organization_id)

    await store.change_organization(ORG, timeout_limit_s=60)
    task_id = await dummy_request(store, hang="1")
    async with running_runner(Away(store), MemoryBus(), executor):
        await until(lambda: executor.jobs == {task_id} and len(asked) > 5)
        answers.set()
        ended = await until_status(store, task_id)
    assert (ended.status, ended.error, ended.attempt) == (Status.TIMED_OUT, "timed out after 60 s", 1)


async def test_claims_obey_a_changed_limit_at_the_next_wake(store):
    """Raised: as many more run. Lowered: none of them is stopped, and none follows until there is room again."""
    bus, refused = MemoryBus(), []

    class Watched(FaultyStore):
        async def claim(self, organization_id: str, **options: Any) -> Execution | None:
            claimed = await self._store.claim(organization_id, **options)
            if claimed is None:
                refused.append(options["limit"])
            return claimed

    for _ in range(5):
        await dummy_request(store, hang="1")

    async def running(number: int, limit: int) -> list[Execution]:
        """Wait until so many run, and one more was refused."""
        await until(lambda: _runs(store, number))
        refused.clear()
        await bus.signal(Signal(SignalKind.WAKE))
        await until(lambda: limit in refused)
        return await store.executions(ORG, only(Status.RUNNING))

    async def cancel(execution: Execution) -> None:
        await store.request_cancel(ORG, execution.task_id)
        await bus.signal(Signal(SignalKind.CANCEL, ORG, execution.task_id))
        await until_status(store, execution.task_id, Status.CANCELLED)

    settings = {"RUNCAST_CONCURRENCY": "9", "RUNCAST_ORGANIZATION_LIMIT": "2"}
    await store.change_organization(ORG, concurrency_limit=1)
    async with running_runner(Watched(store), bus, DummyExecutor(), **settings):
        assert len(await running(1, limit=1)) == 1
        for limit in (4, 3):
            await store.change_organization(ORG, concurrency_limit=limit)
            await bus.signal(Signal(SignalKind.WAKE))
            *others, second, first = await running(4, limit=limit)
            assert len(others) == 2
        await cancel(first)
        assert len(await running(3, limit=3)) == 3
        await store.change_organization(ORG, concurrency_limit=None)
        await cancel(second)
        assert await running(2, limit=2) == others


async def _runs(store: Store, number: int) -> bool:
    return len(await store.executions(ORG, only(Status.RUNNING))) == number
