"""A job that reports on itself, with what it finds in its environment: on that attempt, and on nothing else."""

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import httpx
import pytest

from tests.e2e.dashboard import Dashboard, python
from tests.parts.up import Up, running_up

PYTHON = """
import json, os, sys, urllib.error, urllib.request
body = json.loads(sys.argv[2]) | {"taskId": sys.argv[3]}
request = urllib.request.Request(os.environ["RUNCAST_API_URL"] + sys.argv[1], json.dumps(body).encode(), method="POST")
if len(sys.argv) < 5:
    request.add_header("Authorization", "Bearer " + os.environ["RUNCAST_JOB_TOKEN"])
request.add_header("Content-Type", "application/json")
try:
    urllib.request.urlopen(request)
except urllib.error.HTTPError as error:
    sys.exit(f"refused: {error.code}")
"""
WGET = """post() {
  body="{\\"taskId\\": \\"$3\\", ${2#?}"
  set -- "$1" "$body" "${4:-Authorization: Bearer $RUNCAST_JOB_TOKEN}"
  wget -q -O /dev/null --header "$3" --header 'Content-Type: application/json' --post-data "$2" "$RUNCAST_API_URL$1"
}
"""
STORY = """
echo "mine: $RUNCAST_JOB_TOKEN of $RUNCAST_ORGANIZATION_ID"
post /executions/log '{"log": "said by itself"}' "$RUNCAST_TASK_ID" || exit 1
post /executions/update '{"status": "PASSED"}' other && exit 2
post /executions/log '{"log": "forged"}' other && exit 3
post /executions/update '{"status": "PASSED"}' "$RUNCAST_TASK_ID" X-None:1 && exit 4
echo done
post /executions/update '{"status": "UNSTABLE"}' "$RUNCAST_TASK_ID" || exit 5
sleep 60
"""


@pytest.fixture(params=["process", "docker"])
def up(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Up, str, str]]:
    """Return a running one, an image, and a shell function that posts."""
    settings = {"RUNCAST_DRAIN": "0.1", "RUNCAST_KILL_GRACE": "0", "RUNCAST_EXECUTOR": request.param}
    if request.param == "process":
        image, post = "local", f'post() {{ {shlex.quote(sys.executable)} -c {shlex.quote(PYTHON)} "$@"; }}\n'
    else:
        image, post = request.getfixturevalue("busybox_image"), WGET
        settings["RUNCAST_HOST"] = _seen_from_containers()
    with running_up(tmp_path / "data", **settings) as running:
        yield running, image, post


def _seen_from_containers() -> str:
    """Return this machine's address on the engine's default network."""
    client = docker.from_env()
    try:
        address: str = client.networks.get("bridge").attrs["IPAM"]["Config"][0]["Gateway"]
        return address
    finally:
        client.close()


def _ended(task_id: str):
    return lambda d: [b for b in d.of("execution-updated") if b["taskId"] == task_id and "endedAt" in b]


async def _result(http: httpx.AsyncClient, task_id: str) -> dict:
    return (await http.get(f"/api/executions/{task_id}")).json()


async def test_a_job_reports_on_itself_alone(up: tuple[Up, str, str]):
    """A line and its own end; neither another's, nor without its token. Who may read its output sees no token, and
    neither does any log."""
    running, image, post = up
    async with (
        httpx.AsyncClient(base_url=running.url, headers=running.headers) as http,
        python(running.url, auth={"token": running.token}) as dashboard,
    ):
        await running.request(taskId="other", image=image, command="sleep 60")
        await running.request(taskId="self", image=image, command=post + STORY)
        await _until_told(dashboard)
        told = await _result(http, "self")
        assert (told["status"], (await _result(http, "other"))["status"]) == ("UNSTABLE", "RUNNING")
        output = "\n".join(b["log"] for b in dashboard.of("execution-log") if b["taskId"] == "self")
        assert "said by itself" in output
        assert "mine: rcj_" not in output
        assert f"mine: *** of {running.organization_id}" in output
        assert "forged" not in (await http.get("/api/executions/other/logs?attempt=0&format=text")).text
        assert (await http.post("/api/executions/other/cancel")).status_code == 202
        await dashboard.until(_ended("other"), 30)
    assert "rcj_" not in running.log


async def _until_told(dashboard: Dashboard) -> None:
    """Wait for its own report of its end; what the runner stored of its output is there by then."""
    await dashboard.until(
        lambda d: [
            b for b in d.of("execution-updated") if b["taskId"] == "self" and b["status"] not in {"PENDING", "RUNNING"}
        ],
        30,
    )
