"""From a request to every dashboard of its organization, and of no other, over two gateways."""

import json
from typing import Any

import anyio
import httpx
import pytest
import socketio

from runcast_core.model.accounts import Role
from runcast_core.model.identifiers import new_id
from tests.e2e.dashboard import Dashboard, javascript, python
from tests.parts.installation import CALLBACK_TOKEN, Installation
from tests.parts.part import Part

CALLBACK = {"Authorization": f"Bearer {CALLBACK_TOKEN}"}
ENDED = {"PASSED", "FAILED", "ERROR", "CANCELLED", "TIMED_OUT"}


def _ended(count: int):
    return lambda d: sum(body["status"] in ENDED for body in d.of("execution-updated")) >= count


def _check_story(dashboard: Dashboard, task_id: str, output: str) -> None:
    mine = [(name, body) for name, body in dashboard.events if name != "auth-success" and body["taskId"] == task_id]
    statuses = [body["status"] for name, body in mine if name == "execution-updated"]
    logs = [body for name, body in mine if name == "execution-log"]
    assert statuses == ["PENDING", "RUNNING", "PASSED"]
    assert [name for name, _ in mine] == ["execution-updated"] * 2 + ["execution-log"] * len(logs) + [
        "execution-updated"
    ]
    assert "\n".join(body["log"] for body in logs) == output
    assert [body["seq"] for body in logs] == list(range(1, len(logs) + 1))


@pytest.mark.usefixtures("javascript_client")
async def test_every_socket_of_the_organization_sees_the_whole_story(installation: Installation, http):
    """PENDING, RUNNING, the lines, PASSED, in this order, on both gateways and both clients; another sees nothing."""
    a, b = new_id(), new_id()
    one, two = installation.gateways
    auth_a, auth_b = {"token": installation.token(a)}, {"token": installation.token(b)}
    tries = [["join", {"room": f"org:{a}"}], ["enter_room", f"org:{a}"], ["watch", {"taskId": "t"}]]
    forged = {**auth_b, "organizationId": a, "room": f"org:{a}", "role": "admin"}
    async with (
        javascript(one, auth=auth_a) as first,
        javascript(two, auth=auth_a, transports=["websocket"]) as second,
        python(two, auth=auth_a) as third,
        javascript(two, auth=forged, emit=tries) as other,
    ):
        for dashboard in (first, second, third, other):
            await dashboard.until(lambda d: d.of("auth-success"))
        body = {"taskId": "t1", "image": "local", "command": "for i in 1 2 3; do echo line $i; sleep 0.2; done"}
        text = json.dumps(body)
        answer = await http.post("/api/execution-request", content=text, headers=installation.headers(a))
        assert answer.status_code == 202
        assert answer.json() | {"status": "PENDING", "taskId": "t1", "organizationId": a} == answer.json()
        for dashboard in (first, second, third):
            await dashboard.until(_ended(1))
            _check_story(dashboard, "t1", "line 1\nline 2\nline 3")
        await _marker(http, b, other)
        assert [name for name, _ in other.events] == ["auth-success", "execution-updated"]
    page = await http.get("/api/executions/t1/logs", headers=installation.headers(a))
    assert "\n".join(chunk["log"] for chunk in page.json()["chunks"]) == "line 1\nline 2\nline 3"
    text = await http.get("/api/executions/t1/logs?format=text", headers=installation.headers(a))
    assert text.text == "line 1\nline 2\nline 3\n"


async def _marker(http: httpx.AsyncClient, organization_id: str, dashboard: Dashboard) -> None:
    """Send one event of its own to a dashboard and wait for it: what was published before has arrived by then."""
    body = {"taskId": "marker", "organizationId": organization_id, "status": "RUNNING"}
    (await http.post("/executions/update", json=body, headers=CALLBACK)).raise_for_status()
    await dashboard.until(lambda d: any(x["taskId"] == "marker" for x in d.of("execution-updated")))


@pytest.mark.usefixtures("javascript_client")
async def test_two_organizations_at_once_and_nothing_crosses(installation: Installation, http):
    """Many executions each, at the same time: each dashboard sees all of its own and nothing else."""
    organizations = [new_id(), new_id()]
    one, two = installation.gateways
    async with (
        javascript(one, auth={"token": installation.token(organizations[0])}) as a,
        javascript(one, auth={"token": installation.token(organizations[1])}) as b,
        javascript(two, auth={"token": installation.token(organizations[1])}) as b2,
    ):
        for dashboard in (a, b, b2):
            await dashboard.until(lambda d: d.of("auth-success"))
        async with anyio.create_task_group() as tasks:
            for number in range(6):
                for organization in organizations:
                    tasks.start_soon(_request, http, installation, organization, number)
        for organization, dashboard in zip([*organizations, organizations[1]], (a, b, b2), strict=True):
            await dashboard.until(_ended(6), 40)
            for number in range(6):
                _check_story(dashboard, f"t{number}", f"{organization} {number}")
            assert {body["organizationId"] for body in dashboard.of("execution-updated")} == {organization}


async def _request(http: httpx.AsyncClient, installation: Installation, organization: str, number: int) -> None:
    body = {"taskId": f"t{number}", "image": "local", "command": ["echo", f"{organization} {number}"]}
    answer = await http.post("/api/execution-request", json=body, headers=installation.headers(organization))
    answer.raise_for_status()


@pytest.mark.usefixtures("javascript_client")
async def test_workers_posts_reach_their_organization_with_every_field(installation: Installation, http):
    """`/executions/update` is relayed exactly as received, `/executions/log` with its place; both are stored."""
    a, b = new_id(), new_id()
    update: dict[str, Any] = {"taskId": "w1", "organizationId": a, "status": "RUNNING", "suite": {"n": [1, None]}}
    log = {"taskId": "w1", "organizationId": a, "log": "héllo\n", "level": "info"}
    async with (
        javascript(installation.gateways[0], auth={"token": installation.token(a)}) as mine,
        python(installation.gateways[1], auth={"token": installation.token(b)}) as other,
    ):
        for dashboard in (mine, other):
            await dashboard.until(lambda d: d.of("auth-success"))
        answer = await http.post("/executions/update", json=update, headers=CALLBACK)
        assert (answer.status_code, answer.json()) == (200, {"status": "broadcasted"})
        answer = await http.post("/executions/log", json=log, headers=CALLBACK)
        assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
        await mine.until(lambda d: d.of("execution-log"))
        assert mine.of("execution-updated") == [update]
        [line] = mine.of("execution-log")
        place = {"seq": 1, "attempt": 0, "firstLine": 1, "ts": line["ts"]}
        assert line == {"taskId": "w1", "log": "héllo\n", "level": "info", **place}
        await _marker(http, b, other)
        assert len(other.events) == 2
    stored = await http.get("/api/executions/w1", headers=installation.headers(a))
    assert stored.json() | {"status": "RUNNING", "source": "external"} == stored.json()
    assert (await http.get("/api/executions/w1", headers=installation.headers(b))).status_code == 404


@pytest.mark.usefixtures("javascript_client")
async def test_without_an_organization_everybody_authenticated_sees_it(installation: Installation, http):
    """The fallback reaches every organization's sockets, with a warning and a counter."""
    async with (
        javascript(installation.gateways[0], auth={"token": installation.token(new_id())}) as one,
        python(installation.gateways[1], auth={"token": installation.token(new_id())}) as two,
    ):
        for dashboard in (one, two):
            await dashboard.until(lambda d: d.of("auth-success"))
        body = {"taskId": "f1", "status": "RUNNING"}
        assert (await http.post("/executions/update", json=body, headers=CALLBACK)).status_code == 200
        log = {"taskId": "f1", "log": "x"}
        assert (await http.post("/executions/log", json=log, headers=CALLBACK)).status_code == 200
        for dashboard in (one, two):
            await dashboard.until(lambda d: d.of("execution-log"))
            assert [h for h in dashboard.events if h[0] != "auth-success"] == [
                ("execution-updated", body),
                ("execution-log", log),
            ]
    assert "Execution update missing organizationId, broadcasting globally" in installation.log_of("api")
    assert "Log broadcast missing organizationId, broadcasting globally" in installation.log_of("api")
    assert 'runcast_api_global_fallbacks_total{event="execution-updated"} ' in (await http.get("/metrics")).text


async def test_a_stock_emitter_reaches_a_room_but_cannot_pose_as_the_gateway(
    installation: Installation, redis_part: Part
):
    """A write-only manager emits to `org:<id>` on any gateway; reserved names are refused and counted."""
    organization = new_id()
    emitter = socketio.AsyncRedisManager(redis_part.url, write_only=True)
    async with python(installation.gateways[1], auth={"token": installation.token(organization)}) as dashboard:
        await dashboard.until(lambda d: d.of("auth-success"))
        await emitter.emit("auth-error", {"error": "forged"}, room=f"org:{organization}")
        await emitter.emit("hello", {"x": 1}, room=f"org:{organization}")
        await dashboard.until(lambda d: d.of("hello"))
        assert [name for name, _ in dashboard.events] == ["auth-success", "hello"]
    await emitter.redis.aclose()
    assert "Emit refused, reserved event name" in installation.log_of("gateway-2")


async def test_cancelling_a_running_execution_ends_it_soon(installation: Installation, http):
    """A cancel signal reaches the runner; the end is CANCELLED and its output so far is kept."""
    organization = new_id()
    headers = installation.headers(organization)
    async with python(installation.gateways[0], auth={"token": installation.token(organization)}) as dashboard:
        await dashboard.until(lambda d: d.of("auth-success"))
        body = {"taskId": "c1", "image": "local", "command": "echo begun; sleep 60"}
        await http.post("/api/execution-request", json=body, headers=headers)
        await dashboard.until(lambda d: d.of("execution-log"))
        assert (await http.post("/api/executions/c1/cancel", headers=headers)).status_code == 202
        await dashboard.until(_ended(1))
        assert dashboard.of("execution-updated")[-1]["status"] == "CANCELLED"


async def test_a_viewer_may_look_and_not_request(installation: Installation, http):
    """Reading is 200, writing 403."""
    headers = installation.headers(new_id(), Role.VIEWER)
    assert (await http.get("/api/executions", headers=headers)).status_code == 200
    answer = await http.post("/api/execution-request", json={"image": "local"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize(
    ("image", "command", "error"),
    [("no/such:image", "true", "no container engine"), ("local", None, "needs a command"), ("local", ["/no"], None)],
)
async def test_what_cannot_run_ends_as_a_clear_error(installation: Installation, http, image, command, error):
    """ERROR (or FAILED by the shell's exit code) with a text that says what to do."""
    organization = new_id()
    headers = installation.headers(organization)
    async with python(installation.gateways[0], auth={"token": installation.token(organization)}) as dashboard:
        await dashboard.until(lambda d: d.of("auth-success"))
        body = {"taskId": "e1", "image": image, **({"command": command} if command else {})}
        await http.post("/api/execution-request", json=body, headers=headers)
        await dashboard.until(_ended(1))
        last = dashboard.of("execution-updated")[-1]
        assert last["status"] == ("ERROR" if error else "FAILED")
        assert error is None or error in last["error"]
