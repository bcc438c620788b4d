"""Runners that are killed or stopped while they execute, on both stores: nothing runs for ever, nothing runs twice."""

import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from runcast_core.model.identifiers import new_id
from tests.e2e.dashboard import Dashboard, python
from tests.parts.conditions import until
from tests.parts.installation import Installation, started_installation
from tests.parts.mongodb import database_url
from tests.parts.part import Part
from tests.parts.redis.server import MortalRedis, own_redis
from tests.parts.sleeping import new_marker, sleeping

ORGANIZATION = "org"


@pytest.fixture(params=["sqlite", "mongodb"])
def installation(request: pytest.FixtureRequest, redis_part: Part, tmp_path: Path) -> Iterator[Installation]:
    settings = {"RUNCAST_LEASE_MS": "1500", "RUNCAST_DRAIN": "0.5", "RUNCAST_CONCURRENCY": "1"}
    if request.param == "mongodb":
        settings["MONGODB_URL"] = database_url(request.getfixturevalue("mongodb_part").url, f"rc_{new_id()}")
    runners = ("runner-1", "runner-2")
    with started_installation(redis_part.url, tmp_path, runners=runners, **settings) as running:
        yield running


@pytest.fixture
async def dashboard(installation: Installation) -> AsyncIterator[Dashboard]:
    token = installation.token(ORGANIZATION)
    async with python(installation.gateways[1], auth={"token": token}) as dashboard:
        await dashboard.until(lambda d: d.of("auth-success"))
        yield dashboard


async def _request(installation: Installation, task_id: str, command: str, **config: object) -> None:
    async with httpx.AsyncClient(base_url=installation.api, headers=installation.headers(ORGANIZATION)) as http:
        body = {"taskId": task_id, "image": "local", "command": command, "config": config}
        (await http.post("/api/execution-request", json=body)).raise_for_status()


def _executing(installation: Installation) -> list[str]:
    """Return the runners that noted a process of their own."""
    names = [name for name in installation.services if name.startswith("runner")]
    return [name for name in names if any(path.name.isdigit() for path in (installation.logs / name).iterdir())]


async def _begun(
    installation: Installation, dashboard: Dashboard, command: str, **config: object
) -> "subprocess.Popen[bytes]":
    """Request the only execution, wait for its first output, and return the runner that executes it."""
    await _request(installation, "t1", command, **config)
    await dashboard.until(lambda d: d.of("execution-log"))
    [name] = _executing(installation)
    return installation.services[name].process


def _states(dashboard: Dashboard) -> list[tuple[str, int]]:
    return [(body["status"], body["attempt"]) for body in dashboard.of("execution-updated")]


async def test_the_execution_of_a_killed_runner_ends(installation: Installation, dashboard: Dashboard):
    """After its lease another runner ends it as `runner lost`; dashboards see what was printed, and that."""
    killed = await _begun(installation, dashboard, "echo begun; sleep 120")
    killed.kill()
    await dashboard.until(lambda d: ("ERROR", 1) in _states(d), 20)
    assert _states(dashboard) == [("PENDING", 0), ("RUNNING", 1), ("ERROR", 1)]
    assert dashboard.of("execution-updated")[-1]["error"] == "runner lost"
    await _request(installation, "t2", "echo next")
    await dashboard.until(lambda d: ("PASSED", 1) in _states(d))


async def _attempts(installation: Installation, task_id: str) -> list[tuple[int, str, str | None]]:
    async with httpx.AsyncClient(base_url=installation.api, headers=installation.headers(ORGANIZATION)) as http:
        shown = (await http.get(f"/api/executions/{task_id}")).json()
    return [(attempt["attempt"], attempt["status"], attempt.get("error")) for attempt in shown["attempts"]]


async def test_the_execution_of_a_killed_runner_is_run_again_where_that_is_allowed(
    installation: Installation, dashboard: Dashboard, tmp_path: Path
):
    """`retryOnLoss`: after its lease it is PENDING again, another runner takes it, and it passes as attempt 2."""
    command = f"mkdir {tmp_path}/first 2> /dev/null && first=yes; echo begun; [ $first ] && sleep 120; echo done"
    killed = await _begun(installation, dashboard, command, retryOnLoss=True)
    killed.kill()
    await dashboard.until(lambda d: ("PASSED", 2) in _states(d), 30)
    assert _states(dashboard) == [("PENDING", 0), ("RUNNING", 1), ("PENDING", 1), ("RUNNING", 2), ("PASSED", 2)]
    first = [
        (body["attempt"], body["log"].split("\n")[0]) for body in dashboard.of("execution-log") if body["seq"] == 1
    ]
    assert first == [(1, "begun"), (2, "begun")]
    assert dashboard.of("execution-log")[-1]["log"].endswith("done")
    assert await _attempts(installation, "t1") == [(1, "ERROR", "runner lost"), (2, "PASSED", None)]


async def test_a_failed_execution_is_run_again(installation: Installation, dashboard: Dashboard, tmp_path: Path):
    """`retryAttempts`, by processes: two attempts with output of their own, and `UNSTABLE` at the end."""
    command = f"mkdir {tmp_path}/first && echo fails && exit 3; echo passes"
    await _request(installation, "t1", command, retryAttempts=1)
    await dashboard.until(lambda d: ("UNSTABLE", 2) in _states(d), 30)
    assert _states(dashboard) == [("PENDING", 0), ("RUNNING", 1), ("PENDING", 1), ("RUNNING", 2), ("UNSTABLE", 2)]
    outputs = [(body["attempt"], body["log"].split("\n")[-1]) for body in dashboard.of("execution-log")]
    assert (outputs[0], outputs[-1]) == ((1, "fails"), (2, "passes"))
    assert await _attempts(installation, "t1") == [(1, "FAILED", None), (2, "PASSED", None)]


async def test_a_stopped_runner_hands_over(installation: Installation, dashboard: Dashboard):
    """SIGTERM: what does not end within the grace is PENDING again, and runs as a new attempt elsewhere."""
    stopped = await _begun(installation, dashboard, "echo begun; sleep 2; echo done")
    stopped.send_signal(signal.SIGTERM)
    await dashboard.until(lambda d: ("PASSED", 2) in _states(d), 30)
    assert _states(dashboard) == [("PENDING", 0), ("RUNNING", 1), ("PENDING", 1), ("RUNNING", 2), ("PASSED", 2)]
    output = [(body["attempt"], body["log"]) for body in dashboard.of("execution-log")]
    assert output == [(1, "begun"), (2, "begun"), (2, "done")]
    assert stopped.wait(10) == 0


async def _says_that_it_lost_one(installation: Installation, runner: "subprocess.Popen[bytes]") -> None:
    """Wait until it does so, in its log and in what it counts."""
    [name] = [name for name, service in installation.services.items() if service.process is runner]
    async with httpx.AsyncClient(base_url=installation.services[name].url) as http:

        async def counted() -> bool:
            return 'runcast_runner_ended_total{status="LOST"} 1.0' in (await http.get("/metrics")).text

        await until(counted)
    assert "Execution lost, its container was stopped" in installation.log_of(name)


async def test_a_runner_that_was_away_too_long_changes_nothing(installation: Installation, dashboard: Dashboard):
    """Stopped by SIGSTOP past its lease, then continued: the execution has ended, its container goes; it says so."""
    paused = await _begun(installation, dashboard, "echo begun; sleep 4; echo late; sleep 60")
    paused.send_signal(signal.SIGSTOP)
    await dashboard.until(lambda d: ("ERROR", 1) in _states(d), 20)
    paused.send_signal(signal.SIGCONT)
    await _request(installation, "t2", "sleep 0.5; echo next")
    await dashboard.until(lambda d: ("PASSED", 1) in _states(d))
    await until(lambda: _executing(installation) == [])
    assert _states(dashboard)[2] == ("ERROR", 1)
    assert [body["log"] for body in dashboard.of("execution-log")] == ["begun", "next"]
    await _says_that_it_lost_one(installation, paused)


@pytest.mark.parametrize("wakes", [True, False])
async def test_a_lost_wake_costs_at_most_a_third_of_a_lease(redis_part: Part, tmp_path: Path, wakes: bool):
    """A cancelled execution is stopped by the renewal after it, where the runner is on another Redis than the api: long
    before its next poll, and by the one that has it, whose lease does not end. On the same one the signal does that."""
    lease = {"RUNCAST_LEASE_MS": "240000" if wakes else "3000", "RUNCAST_POLL": "300"}
    marker = new_marker()
    with (
        MortalRedis(own_redis()[1]) as other,
        other.running(),
        started_installation(redis_part.url, tmp_path, runners=(), **lease) as installation,
    ):
        await _request(installation, "t1", f"echo begun; sleep {marker}")
        redis_url = redis_part.url if wakes else other.url
        with installation.running_runner("runner", REDIS_URL=redis_url):  # it looks for work at its start
            await until(lambda: sleeping(marker))
            async with httpx.AsyncClient(base_url=installation.api, headers=installation.headers(ORGANIZATION)) as http:
                (await http.post("/api/executions/t1/cancel")).raise_for_status()

                async def ended() -> dict[str, Any] | None:
                    shown = (await http.get("/api/executions/t1")).json()
                    return shown if shown["status"] != "RUNNING" else None

                shown = await until(ended, 30)
            assert (shown["status"], shown["attempt"]) == ("CANCELLED", 1)
            assert sleeping(marker) == []
