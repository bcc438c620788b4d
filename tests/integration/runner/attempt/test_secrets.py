"""Secrets of an execution: opened for its container, and nowhere else."""

from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest
from structlog.testing import capture_logs

from runcast_core.access.sealing import Sealer
from runcast_core.model.errors import ExecutorError
from runcast_core.model.executions import Status
from runcast_core.model.identifiers import new_id
from runcast_runner.executors.dummy_executor import DummyExecutor
from runcast_runner.executors.process.executor import ProcessExecutor
from tests.parts.runner import (
    ORG,
    Scripted,
    bus,
    dummy_request,
    running_runner,
    store,
    stored,
    stored_output,
    until_status,
)

__all__ = ["bus", "store"]


KEY, OTHER_KEY = "a key of thirty-two characters 1", "another key of thirty-two characters"


async def test_nothing_secret_is_logged(store, bus):
    """Neither an output line nor a variable's value, also where the executor breaks with it in its error."""
    secret = "s3cr3t-of-the-test"
    config = {"secrets": {"TOKEN": secret}, "envVars": {"DUMMY_OUTPUT": f"out {secret}"}}
    passing = await stored(store, {"image": "image", "config": config})
    with capture_logs() as logs:
        async with running_runner(store, bus, DummyExecutor()):
            await until_status(store, passing)
        failing = await stored(store, {"image": "image", "config": config})
        async with running_runner(store, bus, Scripted(f"out {secret}\n".encode(), error=ValueError(secret))):
            ended = await until_status(store, failing)
    assert ended.error == "the runner failed: ValueError"
    assert any(line["event"] == "Execution failed inside the runner" for line in logs)
    assert secret not in str(logs)


async def test_sealed_secrets_reach_the_container_and_are_masked(store, bus, tmp_path):
    """Opened with any of the keys; the store keeps them sealed, also in what the runner writes back."""
    config = {"secrets": {"KEY": "s3cret-1"}, "envVars": {"FLAG": {"value": "s3cret-two", "secret": True}}}
    request = {"image": "local", "command": 'echo "$KEY $FLAG"; echo ${#KEY} ${#FLAG}', "config": config}
    task_id = new_id()
    sealed = Sealer((KEY,)).seal(request, ORG, task_id)
    await stored(store, sealed, task_id=task_id)
    executor = ProcessExecutor(tmp_path / "processes", allowed=True)
    async with running_runner(store, bus, executor, RUNCAST_SECRETS_KEY=f"{OTHER_KEY},{KEY}"):
        ended = await until_status(store, task_id)
    assert (ended.status, ended.request) == (Status.PASSED, sealed)
    assert await stored_output(store, task_id) == ["*** ***", "8 10"]


@pytest.mark.parametrize("key", ["", OTHER_KEY])
async def test_secrets_that_do_not_open_end_as_error(store, bus, key):
    """Nothing is started, and the runner goes on."""
    task_id = new_id()
    request = {"image": "image", "config": {"secrets": {"KEY": "s3cret-1"}}}
    sealed = Sealer((KEY,)).seal(request, ORG, task_id)
    await stored(store, sealed, task_id=task_id)
    other = await dummy_request(store)
    with capture_logs() as logs:
        async with running_runner(store, bus, DummyExecutor(), RUNCAST_SECRETS_KEY=key):
            ended = await until_status(store, task_id)
            assert (await until_status(store, other)).status is Status.PASSED
    assert ended.status is Status.ERROR
    assert ended.error == "its secrets cannot be read: RUNCAST_SECRETS_KEY is not set, or changed"
    told = f"{logs} {ended.error} {[event.payload for _, event in bus.published]}"
    assert sealed["config"]["secrets"]["KEY"]["sealed"] not in told
    assert await stored_output(store, task_id) == []


async def test_a_secret_is_nowhere_but_in_its_container(store, bus, tmp_path):
    """Whatever form a command prints it in, neither output, events, the error nor the log holds it."""
    secret, flagged = "p@ss/w0rd+1?x", "fl4gged value"
    command = (
        'for s in "$KEY" "$FLAG"; do echo "a $s b"; printf %s "x:$s" | base64; echo "$s" | base64;'
        " python3 -c 'import sys, json, urllib.parse as u; s = sys.argv[1];"
        ' print(u.quote(s, safe=""), u.quote_plus(s), json.dumps(s))\' "$s"; done; echo $PLAIN'
    )
    variables = {"FLAG": {"value": flagged, "secret": True}, "PLAIN": {"value": "plain text", "secret": False}}
    config = {"secrets": {"KEY": secret}, "envVars": variables}
    done = await stored(store, {"image": "local", "command": command, "config": config})
    broken = await stored(store, {"image": "image", "config": config})
    process = ProcessExecutor(tmp_path / "processes", allowed=True)
    executor = Scripted(error=ExecutorError(f"bad variable KEY={secret}"))
    with capture_logs() as logs:
        async with running_runner(store, bus, process):
            assert (await until_status(store, done)).status is Status.PASSED
            await until_status(store, broken)
        failed = await stored(store, {"image": "image", "config": config})
        async with running_runner(store, bus, executor):
            assert (await until_status(store, failed)).error == "bad variable KEY=***"
    output = await stored_output(store, done)
    assert output[0] == "a *** b"
    assert output[-1] == "plain text"
    told = f"{output} {[event.payload for _, event in bus.published]} {logs}"
    for value in (secret, flagged):
        forms = [
            value,
            quote(value, safe=""),
            quote_plus(value),
            *(b64encode(f"{x}{value}".encode()).decode()[4:-4] for x in ("", "x:")),
        ]
        assert not [form for form in forms if form in told]
