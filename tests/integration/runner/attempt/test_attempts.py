"""Attempts after the first: where one failed, and where its runner was lost."""

import anyio
import pytest

from runcast_core.bus.bus import SignalKind
from runcast_core.model.executions import Status
from runcast_runner.executors.dummy_executor import DummyExecutor
from runcast_runner.executors.executor import Job, Write
from tests.parts.conditions import until
from tests.parts.runner import (
    ORG,
    bus,
    dummy_request,
    running_runner,
    statuses_of,
    store,
    stored,
    stored_output,
    until_status,
)

__all__ = ["bus", "store"]


async def test_the_execution_of_a_dead_runner_ends(store, bus):
    """An expired lease is ended by another runner and announced."""
    task_id = await dummy_request(store)
    await store.claim(ORG, runner_id="dead", lease_ms=50, limit=1)
    async with running_runner(store, bus, DummyExecutor(), RUNCAST_LEASE_MS="300"):
        ended = await until_status(store, task_id)
        await until(lambda: statuses_of(bus, task_id) == ["ERROR"])
    assert (ended.status, ended.error) == (Status.ERROR, "runner lost")


async def test_the_execution_of_a_dead_runner_is_run_again_where_that_is_allowed(store, bus):
    """By whoever is free; that its runner was lost does not make what passed unstable."""
    task_id = await stored(store, {"image": "image", "config": {"retryOnLoss": True}})
    await store.claim(ORG, runner_id="dead", lease_ms=50, limit=1)
    async with running_runner(store, bus, DummyExecutor(), RUNCAST_LEASE_MS="300"):
        ended = await until_status(store, task_id)
        await until(lambda: statuses_of(bus, task_id) == ["PENDING", "RUNNING", "PASSED"])
    assert (ended.status, ended.attempt) == (Status.PASSED, 2)
    assert [(a.status, a.error) for a in ended.attempts] == [(Status.ERROR, "runner lost"), (Status.PASSED, None)]


class Improving(DummyExecutor):
    """Ends its attempts with these codes; None runs for ever."""

    def __init__(self, *codes: int | None) -> None:
        super().__init__()
        self._codes = codes

    async def behave(self, job: Job, write: Write) -> int:
        await write(f"attempt {job.attempt}\n".encode())
        code = self._codes[job.attempt - 1]
        return await anyio.sleep_forever() if code is None else code


@pytest.mark.parametrize(
    ("codes", "retries", "status", "attempts"),
    [
        ((3, 0), 2, Status.UNSTABLE, [(Status.FAILED, 3), (Status.PASSED, 0)]),
        ((None, 3, 0), 2, Status.UNSTABLE, [(Status.TIMED_OUT, None), (Status.FAILED, 3), (Status.PASSED, 0)]),
        ((3, 4), 1, Status.FAILED, [(Status.FAILED, 3), (Status.FAILED, 4)]),
        ((3,), 0, Status.FAILED, [(Status.FAILED, 3)]),
        ((0,), 2, Status.PASSED, [(Status.PASSED, 0)]),
    ],
)
async def test_what_failed_is_tried_again(store, bus, codes, retries, status, attempts):
    """At once, as often as the request says; each attempt keeps its result and its output."""
    config = {"retryAttempts": retries, "timeoutSeconds": 0.3}
    task_id = await stored(store, {"image": "image", "config": config})
    async with running_runner(store, bus, Improving(*codes)):
        ended = await until_status(store, task_id)
        await until(lambda: statuses_of(bus, task_id)[-1:] == [status])
    assert (ended.status, ended.attempt, ended.exit_code) == (status, len(codes), codes[-1])
    assert [(attempt.status, attempt.exit_code) for attempt in ended.attempts] == attempts
    for number in range(1, len(codes) + 1):
        assert await stored_output(store, task_id, number) == [f"attempt {number}"]
    assert statuses_of(bus, task_id) == ["RUNNING", *["PENDING", "RUNNING"] * (len(codes) - 1), status]


async def test_what_could_not_be_run_is_not_tried_again(store, bus):
    """An `ERROR` is no result of what was to run."""
    variables = {"DUMMY_CRASH": "no such image"}
    task_id = await stored(store, {"image": "image", "config": {"retryAttempts": 2, "envVars": variables}})
    async with running_runner(store, bus, DummyExecutor()):
        ended = await until_status(store, task_id)
    assert (ended.status, [attempt.status for attempt in ended.attempts]) == (Status.ERROR, [Status.ERROR])


async def test_the_next_attempt_wakes_other_runners(store, bus):
    """The one that failed it may have no room, or be about to stop."""
    task_id = await stored(store, {"image": "image", "config": {"retryAttempts": 1}})
    async with running_runner(store, bus, Improving(1, 0)):
        await until_status(store, task_id)
    assert [(s.kind, s.organization_id) for s in bus.sent_signals] == [(SignalKind.WAKE, ORG)]
