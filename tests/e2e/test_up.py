"""`runcast up` as a newcomer meets it: what it prints works as pasted, and however it ends nothing stays behind."""

import json
import os
import signal
import subprocess
import sys
from base64 import urlsafe_b64decode
from pathlib import Path
from urllib.parse import urldefrag

import anyio
import httpx
import pytest

from runcast_core.model.identifiers import new_id
from tests.e2e.dashboard import javascript, python
from tests.parts.conditions import until
from tests.parts.up import running_up

PROCESS = {"RUNCAST_EXECUTOR": "process"}


def _marked(marker: str) -> list[int]:
    """Return the processes that have the marker in their command line or environment, or work in a folder with it."""
    found = []
    for path in Path("/proc").iterdir():
        if path.name.isdigit() and int(path.name) != os.getpid():
            try:
                told = (
                    (path / "cmdline").read_bytes() + (path / "environ").read_bytes() + bytes((path / "cwd").readlink())
                )
            except OSError:
                continue
            found += [int(path.name)] if marker.encode() in told else []
    return found


async def _gone(marker: str) -> None:
    await until(lambda: _marked(marker) == [], 30, instead=lambda: _marked(marker))


def _last(dashboard) -> dict:
    return next((body for name, body in reversed(dashboard.events) if name == "execution-updated"), {})


@pytest.mark.usefixtures("javascript_client")
async def test_what_it_prints_works_as_pasted(tmp_path: Path):
    """The curl line is a request that passes on the dashboard of the printed token; the account logs in, and a page of
    this machine's own servers may do all that, but no other page."""
    with running_up(tmp_path / "data", **PROCESS) as up:
        assert up.executor == "process"
        async with javascript(up.url, auth={"token": up.token}) as dashboard:
            await dashboard.until(lambda d: d.of("auth-success"))
            assert b'"status":"PENDING"' in await up.paste()
            await dashboard.until(lambda d: _last(d).get("status") == "PASSED")
            assert "\n".join(body["log"] for body in dashboard.of("execution-log")) == "line 1\nline 2\nline 3"
        email, _, password = up._printed(r"Demo account +(.*)").split()
        async with httpx.AsyncClient(base_url=up.url) as http:
            answer = await http.post("/api/auth/login", json={"email": email, "password": password})
            assert answer.json()["organization"]["id"] == up.organization_id
            assert (await http.get("/docs")).status_code == 200
            await _only_own_pages_may_call(http, up.headers)
        assert up.end(signal.SIGINT) == 0
        assert up.token not in up.log


async def test_the_page_is_the_first_thing_that_it_prints(tmp_path: Path):
    """Its address has what a page needs to log in, behind a `#`; it is served there with or without that."""
    with running_up(tmp_path / "data", **PROCESS) as up:
        assert up.banner.split()[:5] == ["Runcast", "is", "up", "at", up.page]
        address, fragment = urldefrag(up.page)
        demo = json.loads(urlsafe_b64decode(fragment.removeprefix("demo=") + "=="))
        async with httpx.AsyncClient(base_url=address) as http:
            answer = await http.get("", headers={"Accept": "text/html"})
            assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
            assert "trusted-types 'none'" in answer.headers["content-security-policy"]
            polled = await http.get("socket.io/?EIO=4&transport=polling", headers={"Accept": "text/html"})
            assert polled.text.startswith("0{")
            own = {"Sec-Fetch-Site": "same-origin"}
            opened = await http.post("api/auth/login", json=demo | {"session": True}, headers=own)
            assert opened.json()["organization"]["id"] == up.organization_id
            assert opened.headers["set-cookie"].startswith("runcast_session=")
        assert demo["password"] not in up.log


async def _only_own_pages_may_call(http: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """A foreign page signs up without reading the token, is refused by the gateway, and under a name of its own that
    leads here (DNS rebinding) reaches nothing."""
    own, foreign = {"Origin": "http://localhost:5173"}, {"Origin": "http://evil.example"}
    account = {"password": "a long password", "name": "E", "organizationName": "E"}
    for origin, email, allowed in ((own, "own@example.com", "http://localhost:5173"), (foreign, "e@example.com", None)):
        answer = await http.post("/api/auth/signup", json=account | {"email": email}, headers=origin)
        assert (answer.status_code, answer.headers.get("Access-Control-Allow-Origin")) == (201, allowed)
        polled = await http.get("/socket.io/?EIO=4&transport=polling", headers=origin)
        assert polled.status_code == (200 if allowed else 400)
        assert polled.headers.get("Access-Control-Allow-Origin") == allowed
    rebound = {**headers, "Host": "evil.example:3000"}
    assert (await http.get("/api/executions", headers=headers)).status_code == 200
    assert (await http.get("/api/executions", headers=rebound)).status_code == 400


async def test_reports_need_the_token_that_it_made(tmp_path: Path):
    """The banner says where that stands, not what it is; whoever comes from this machine without it, such as a job or
    what a proxy here passes on, is refused, and a report without an organization is nobody's."""
    with running_up(tmp_path / "data", **PROCESS) as up:
        file = tmp_path / "data" / "secrets.json"
        token = json.loads(file.read_text())["RUNCAST_CALLBACK_TOKEN"]
        assert f"RUNCAST_CALLBACK_TOKEN: {file}" in up.banner
        assert token not in up.banner
        report = {"taskId": "t", "organizationId": up.organization_id, "status": "RUNNING", "log": "x"}
        async with httpx.AsyncClient(base_url=up.url) as http:
            for path in ("/executions/update", "/executions/log"):
                refused = await http.post(path, json=report)
                assert (refused.status_code, refused.json()["code"]) == (403, "CALLBACK_FORBIDDEN")
                taken = await http.post(path, json=report, headers={"Authorization": f"Bearer {token}"})
                assert taken.status_code == 200
                body = {name: value for name, value in report.items() if name != "organizationId"}
                nobodys = await http.post(path, json=body, headers={"Authorization": f"Bearer {token}"})
                assert (nobodys.status_code, nobodys.json()["code"]) == (422, "ORGANIZATION_REQUIRED")
        assert token not in up.log


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
async def test_however_it_ends_no_process_stays(tmp_path: Path, ending: signal.Signals):
    """valkey, the job and the job's children end with it; the next start finds the execution and runs it again."""
    marker = new_id()
    command = f"echo begun; (setsid sleep 300 &) ; sleep 300 & sleep 300 # {marker}"
    with running_up(tmp_path / marker, **PROCESS, RUNCAST_DRAIN="0.1") as up:
        async with python(up.url, auth={"token": up.token}) as dashboard:
            await up.request(taskId="t1", image="local", command=command, config={"envVars": {"MARKER": marker}})
            await dashboard.until(lambda d: d.of("execution-log"))
        assert len(_marked(marker)) >= 5
        status = up.end(ending)
        assert status == (-signal.SIGKILL if ending is signal.SIGKILL else 0)
        await _gone(marker)
    with running_up(tmp_path / marker, **PROCESS, RUNCAST_DRAIN="0.1") as up:
        async with httpx.AsyncClient(base_url=up.url, headers=up.headers) as http:
            await _until_claimed_again(http)
        assert up.end(signal.SIGINT) == 0
    await _gone(marker)


async def _until_claimed_again(http: httpx.AsyncClient) -> None:
    async def claimed_again() -> bool:
        shown = (await http.get("/api/executions/t1")).json()
        return (shown["status"], shown["attempt"]) == ("RUNNING", 2)

    await until(claimed_again)


async def test_a_second_signal_does_not_wait_for_what_runs(tmp_path: Path):
    """The first one drains, for as long as the setting says; the second one ends it at once, and nothing stays."""
    marker = new_id()
    with running_up(tmp_path / marker, **PROCESS, RUNCAST_DRAIN="300") as up:
        async with python(up.url, auth={"token": up.token}) as dashboard:
            await up.request(taskId="t1", image="local", command="echo begun; sleep 300")
            await dashboard.until(lambda d: d.of("execution-log"))
        up.process.send_signal(signal.SIGINT)
        await until(lambda: "Shutting down" in up.log)
        assert up.end(signal.SIGINT, 10) == 130
    await _gone(marker)


async def test_valkey_that_dies_is_replaced(tmp_path: Path):
    """Dashboards are told to look again, and live events go on; whatever the data directory is called."""
    folder = tmp_path / ("long" * 40) / "50%41 #1?"
    folder.parent.mkdir()
    with running_up(folder, **PROCESS) as up:
        async with python(up.url, auth={"token": up.token}) as dashboard:
            await dashboard.until(lambda d: d.of("auth-success"))
            [valkey] = [pid for pid in _marked(str(folder)) if Path(f"/proc/{pid}/cwd").readlink() == folder]
            os.kill(valkey, signal.SIGKILL)
            await dashboard.until(lambda d: d.of("resync"))
            await up.request(taskId="t1", image="local", command="echo live again")
            await dashboard.until(lambda d: _last(d).get("status") == "PASSED")
            assert [body["log"] for body in dashboard.of("execution-log")] == ["live again"]


async def test_what_is_in_the_way_is_told(tmp_path: Path):
    """A folder in use, a taken port, a wrong setting: one line that says what to do, and no traceback."""
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "secrets.json").touch()
    with running_up(tmp_path / "data", **PROCESS) as up:
        port = up.url.rpartition(":")[2]
        for options, message in (
            ({"RUNCAST_DATA_DIR": str(tmp_path / "data")}, "in use by another `runcast up`"),
            ({"RUNCAST_PORT": port}, "choose another with --port"),
            ({"RUNCAST_PORT": "0", "MONGODB_URL": "http://x"}, "MONGODB_URL"),
            ({"RUNCAST_PORT": "0", "RUNCAST_LEASE_MS": "soon"}, "RUNCAST_LEASE_MS"),
            ({"RUNCAST_PORT": "0", "JWT_SECRET": "short"}, "JWT_SECRET"),
            ({"RUNCAST_DATA_DIR": "/proc/none"}, "set RUNCAST_DATA_DIR"),
            ({"RUNCAST_PORT": "0", "RUNCAST_DATA_DIR": str(tmp_path / "broken")}, "broken/secrets.json is broken"),
            ({"RUNCAST_PORT": "0", "RUNCAST_EXECUTOR": "process", "RUNCAST_PROCESS_DIR": "/proc/none"}, "PROCESS_DIR"),
        ):
            environment = {**os.environ, "RUNCAST_DATA_DIR": str(tmp_path / "other"), **options}
            arguments = [sys.executable, "-m", "runcast", "up"]
            done = await anyio.run_process(arguments, env=environment, check=False, stdin=subprocess.DEVNULL)
            told = done.stderr.decode()
            assert done.returncode == 1
            assert message in told
            assert told.startswith("runcast: ")
            assert len(told.splitlines()) == 1


@pytest.mark.usefixtures("javascript_client")
async def test_the_replaced_systems_workers_and_dashboards_move_by_a_url(tmp_path: Path):
    """ORIGINAL's client and its workers' posts, unchanged: with an organization and, where the settings of a transition
    allow it, without."""
    worker = {"Content-Type": "application/json"}
    transition = {"RUNCAST_CALLBACK_NETWORKS": "127.0.0.0/8", "RUNCAST_GLOBAL_FALLBACK": "true"}
    with running_up(tmp_path / "data", **PROCESS, **transition) as up:
        async with javascript(up.url, auth={"token": up.token}) as dashboard, httpx.AsyncClient() as http:
            await dashboard.until(lambda d: d.of("auth-success"))
            for path, body, answer in (
                ("update", {"taskId": "w", "organizationId": up.organization_id, "status": "RUNNING"}, "broadcasted"),
                ("log", {"taskId": "w", "log": "one\n", "organizationId": up.organization_id}, "ok"),
                ("update", {"taskId": "v", "status": "RUNNING"}, "broadcasted"),
                ("log", {"taskId": "v", "log": "two\n"}, "ok"),
            ):
                posted = await http.post(f"{up.url}/executions/{path}", json=body, headers=worker)
                assert (posted.status_code, posted.json()) == (200, {"status": answer})
            await dashboard.until(lambda d: len(d.of("execution-log")) == 2)
            assert [body["taskId"] for body in dashboard.of("execution-updated")] == ["w", "v"]
            assert [(body["taskId"], body["log"]) for body in dashboard.of("execution-log")] == [
                ("w", "one\n"),
                ("v", "two\n"),
            ]
