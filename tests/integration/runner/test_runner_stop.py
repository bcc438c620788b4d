"""How a whole runner stops processes: what they say until their end is stored, and marked, whatever the reason."""

from pathlib import Path
from typing import Any

import pytest

from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.model.executions import Status
from runcast_runner.executors.executors import choose_executor
from runcast_runner.executors.process.executor import ProcessExecutor
from runcast_runner.settings import RunnerSettings
from tests.parts.conditions import until
from tests.parts.process_executor import GRACE_S, grace
from tests.parts.runner import ORG, bus, running_runner, statuses_of, store, stored, stored_output, until_status

__all__ = ["bus", "grace", "store"]

LAST_WORDS = "trap 'echo ending; echo in vain >&2; sleep 0.2; echo ended; exit 0' TERM"
LOOP = "while :; do sleep 0.05; done"


@pytest.fixture
def executor(tmp_path: Path) -> ProcessExecutor:
    return ProcessExecutor(tmp_path / "processes", allowed=True, kill_grace_s=60)


async def _request(store: Any, command: str = f"{LAST_WORDS}; echo begun; {LOOP}", **config: Any) -> str:
    return await stored(store, {"image": "local", "command": command, "config": config})


async def _begun(store: Any, task_id: str) -> None:
    async def begun() -> bool:
        return await stored_output(store, task_id) == ["begun"]

    await until(begun)


async def _streams(store: Any, task_id: str) -> tuple[list[str], list[str]]:
    """Return the stored lines of standard output, and those marked as standard error."""
    streams: tuple[list[str], list[str]] = [], []
    for chunk in await store.read_logs(ORG, task_id, attempt=1):
        marked = {line for first, count in chunk.stderr for line in range(first, first + count)}
        for number, line in enumerate(chunk.text.split("\n")):
            streams[number in marked].append(line)
    return streams


async def _said_its_last_words(store: Any, task_id: str) -> None:
    output, errors = await _streams(store, task_id)
    assert output == ["begun", "ending", "ended"]
    assert errors[-1] == "in vain"  # the shell told before how its command ended


async def test_what_a_cancelled_execution_says_is_kept(store, bus, executor):
    """It is cancelled once it has ended, however it ended."""
    task_id = await _request(store)
    async with running_runner(store, bus, executor):
        await _begun(store, task_id)
        await store.request_cancel(ORG, task_id)
        await bus.signal(Signal(SignalKind.CANCEL, ORG, task_id))
        ended = await until_status(store, task_id)
    assert (ended.status, ended.exit_code) == (Status.CANCELLED, None)
    await _said_its_last_words(store, task_id)


async def test_what_an_execution_says_whose_time_is_over_is_kept(store, bus, executor):
    """The same at a time-out."""
    task_id = await _request(store, timeoutSeconds=1.5)
    async with running_runner(store, bus, executor):
        ended = await until_status(store, task_id)
    assert (ended.status, ended.exit_code) == (Status.TIMED_OUT, None)
    await _said_its_last_words(store, task_id)


async def test_what_an_execution_says_that_is_handed_back_is_kept(store, bus, executor):
    """The same at the end of a drain; anybody may claim it then."""
    task_id = await _request(store)
    async with running_runner(store, bus, executor, RUNCAST_DRAIN="0") as shutdown:
        await _begun(store, task_id)
        shutdown.set()
    assert (await store.execution(ORG, task_id)).status is Status.PENDING
    assert statuses_of(bus, task_id) == ["RUNNING", "PENDING"]
    await _said_its_last_words(store, task_id)


async def test_a_drain_waits_for_nobody_who_has_nothing_to_say(store, bus, executor):
    """Whatever the grace: the output so far is kept, and the runner has ended."""
    task_id = await _request(store, f"echo begun; {LOOP}")
    async with running_runner(store, bus, executor, RUNCAST_DRAIN="0") as shutdown:
        await _begun(store, task_id)
        shutdown.set()
    assert (await store.execution(ORG, task_id)).status is Status.PENDING
    assert await stored_output(store, task_id) == ["begun"]


async def test_the_grace_is_a_setting(store, bus, tmp_path, grace):
    """Who ignores SIGTERM gets no more than that, and no less."""
    settings = {
        "RUNCAST_EXECUTOR": "process",
        "RUNCAST_KILL_GRACE": str(GRACE_S),
        "RUNCAST_PROCESS_DIR": str(tmp_path / "notes"),
    }
    executor = choose_executor(RunnerSettings.from_mapping({**settings, "RUNCAST_HOST": "127.0.0.1"}))
    task_id = await _request(store, f"trap '' TERM; echo begun; {LOOP}")
    async with running_runner(store, bus, executor):
        await _begun(store, task_id)
        await store.request_cancel(ORG, task_id)
        await bus.signal(Signal(SignalKind.CANCEL, ORG, task_id))
        await until(lambda: grace.begun)
        assert (await store.execution(ORG, task_id)).status is Status.RUNNING
        grace.end()
        assert (await until_status(store, task_id)).status is Status.CANCELLED


async def test_lines_of_standard_error_are_marked(store, bus, executor):
    """In what is stored, each line by the stream it came from."""
    task_id = await _request(store, "seq 1 300; seq 301 600 >&2; seq 601 900")
    async with running_runner(store, bus, executor):
        assert (await until_status(store, task_id)).status is Status.PASSED
    output, errors = await _streams(store, task_id)
    assert output == [str(n) for n in [*range(1, 301), *range(601, 901)]]
    assert errors == [str(n) for n in range(301, 601)]
