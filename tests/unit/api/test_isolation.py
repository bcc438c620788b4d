"""Two organizations on one api: neither sees, changes or disturbs what is the other's."""

import pytest

from runcast_api.documentation.calls import CALLS
from runcast_core.model.accounts import Role
from tests.parts.api import LOGIN, USER, serving, signed_up

OF_ONE = [(call.method, call.path) for call in CALLS if "{taskId}" in call.path]
OF_A_USER = [(call.method, call.path) for call in CALLS if "{userId}" in call.path]
TOKEN = {"RUNCAST_CALLBACK_TOKEN": "token of the workers"}
WORKER = {"Authorization": "Bearer token of the workers"}


@pytest.mark.parametrize(("method", "path"), OF_ONE)
async def test_another_organizations_execution_is_not_found(tmp_path, method, path):
    """Each call on an execution answers 404 to an admin of another organization, exactly as if there were none."""
    async with serving(tmp_path) as api:
        await api.requested("theirs", org="org_a")
        before = await api.store.execution("org_a", "theirs")
        api.bus.published.clear()
        api.bus.sent_signals.clear()
        other = await api.call(method, path.replace("{taskId}", "theirs"), org="org_b", role=Role.ADMIN)
        absent = await api.call(method, path.replace("{taskId}", "absent"), org="org_b", role=Role.ADMIN)
        assert (other.status_code, other.json()["code"]) == (404, "NOT_FOUND")
        assert (absent.status_code, absent.content) == (404, other.content)
        assert await api.store.execution("org_a", "theirs") == before
        assert api.bus.published == api.bus.sent_signals == []
        assert await api.store.executions("org_b") == []


async def test_lists_show_only_ones_own(tmp_path):
    """A list, filtered or not, and another organization's cursor never show another's executions."""
    async with serving(tmp_path) as api:
        for task_id in ("a1", "a2", "a3"):
            await api.requested(task_id, org="org_a")
        await api.requested("b1", org="org_b")
        cursor = (await api.call("GET", "/api/executions", org="org_a", params={"limit": 1})).json()["nextCursor"]
        filters = ({"image": "busybox"}, {"image": "*"}, {"status": "PENDING"}, {"q": "1"}, {"requestedBy": "u1"})
        for params in ({}, *filters, {"pool": "default"}, {"since": "0"}, {"cursor": cursor}):
            page = (await api.call("GET", "/api/executions", org="org_b", params=params)).json()
            assert {execution["organizationId"] for execution in page["executions"]} <= {"org_b"}
            assert page["live"] == {"PENDING": 1, "RUNNING": 0, "ANALYZING": 0}
        nothing = {"executions": [], "nextCursor": None, "live": {"PENDING": 0, "RUNNING": 0, "ANALYZING": 0}}
        assert (await api.call("GET", "/api/executions", org="org_c")).json() == nothing


async def test_the_same_task_id_in_two_organizations_is_two_executions(tmp_path):
    """Task ids belong to their organization: no conflict, no shared state, and events to the own room only."""
    async with serving(tmp_path) as api:
        await api.requested("t1", org="org_a", image="alpha")
        await api.requested("t1", org="org_b", image="beta")
        assert (await api.call("POST", "/api/executions/t1/cancel", org="org_b")).status_code == 202
        mine = (await api.call("GET", "/api/executions/t1", org="org_a")).json()
        assert (mine["status"], mine["image"], mine["organizationId"]) == ("PENDING", "alpha", "org_a")
        for organization_id, event in api.bus.published:
            assert f'"organizationId":"{organization_id}"'.encode() in event.payload


async def test_the_organization_of_a_request_is_the_tokens(tmp_path):
    """A body cannot name an organization: it is refused and nothing is stored or published."""
    async with serving(tmp_path) as api:
        body = {"image": "busybox", "taskId": "t1", "organizationId": "org_a"}
        answer = await api.call("POST", "/api/execution-request", org="org_b", json=body)
        assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "organizationId")
        assert await api.store.executions("org_a") == await api.store.executions("org_b") == []
        assert api.bus.published == []


async def test_callbacks_change_only_the_organization_they_name(tmp_path):
    """A worker's report for one organization leaves the same task id of another, and its output, alone."""
    async with serving(tmp_path, **TOKEN) as api:
        await api.requested("t1", org="org_a")
        api.bus.published.clear()
        report = {"taskId": "t1", "organizationId": "org_b"}
        await api.http.post("/executions/update", json={**report, "status": "FAILED"}, headers=WORKER)
        await api.http.post("/executions/log", json={**report, "log": "for b"}, headers=WORKER)
        assert {organization_id for organization_id, _ in api.bus.published} == {"org_b"}
        assert (await api.call("GET", "/api/executions/t1", org="org_a")).json()["status"] == "PENDING"
        assert (await api.call("GET", "/api/executions/t1/logs", org="org_a")).json()["chunks"] == []
        assert (await api.call("GET", "/api/executions/t1", org="org_b")).json()["status"] == "FAILED"
        assert (await api.call("GET", "/api/executions/t1/logs?format=text", org="org_b")).text == "for b\n"


async def test_a_users_token_is_no_workers(tmp_path):
    """No member's token, not even an admin's, may report anything through the callbacks."""
    async with serving(tmp_path, **TOKEN) as api:
        for path in ("/executions/update", "/executions/log"):
            body = {"taskId": "t1", "organizationId": "org_a", "status": "PASSED", "log": "x"}
            answer = await api.call("POST", path, role=Role.ADMIN, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN")
        assert await api.store.executions("org_a") == []


@pytest.mark.parametrize(("method", "path"), OF_A_USER)
async def test_another_organizations_user_is_not_found(tmp_path, method, path):
    """Each call on a user answers 404 to an admin of another organization, exactly as if there were none, and leaves
    the user's sessions alone."""
    async with serving(tmp_path) as api:
        mine = (await signed_up(api, "first@example.com"))["organizationId"]
        theirs = (await api.http.post("/api/users", json=USER)).json()["id"]
        token = (await api.http.post("/api/auth/login", json=LOGIN)).json()["token"]
        await signed_up(api)
        other = await api.http.request(method, path.replace("{userId}", theirs), json={"role": "admin"})
        absent = await api.http.request(method, path.replace("{userId}", "absent"), json={"role": "admin"})
        assert (other.status_code, other.json()["code"]) == (404, "NOT_FOUND")
        assert (absent.status_code, absent.content) == (404, other.content)
        me = await api.http.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert (me.status_code, me.json()["user"]["id"]) == (200, theirs)
        assert len(await api.store.users(mine)) == 2
        assert await api.store.unannounced_revocations() == api.bus.sent_signals == []


async def test_users_and_presence_show_only_ones_own(tmp_path):
    """Neither who is in another organization nor who of it is connected, whatever id they have."""
    async with serving(tmp_path) as api:
        theirs = (await signed_up(api, "first@example.com"))["organizationId"]
        user = (await api.http.post("/api/users", json=USER)).json()["id"]
        mine = await signed_up(api)
        await api.bus.note_presence("g1", {theirs: {user: 1}})
        assert (await api.http.get("/api/users")).json() == {"users": [mine]}
        assert (await api.http.get("/api/presence")).json() == {"sockets": 0, "users": [], "gateways": 0}
        await api.bus.note_presence("g1", {mine["organizationId"]: {user: 1}})
        assert (await api.http.get("/api/presence")).json()["users"] == [{"userId": user, "sockets": 1}]


async def test_an_organizations_settings_are_its_own(tmp_path):
    """An admin sees and changes those of the token's organization, whatever else a call names."""
    async with serving(tmp_path) as api:
        await api.store.change_organization("org_a", name="Theirs", concurrency_limit=3)
        before = await api.store.organization("org_a")
        named = {"params": {"organizationId": "org_a"}, "org": "org_b", "role": Role.ADMIN}
        shown = await api.call("GET", "/api/organization", **named)
        assert shown.json() == {"organization": {"organizationId": "org_b"}}
        for field in ("organizationId", "organization_id", "id", "_id"):
            answer = await api.call("PATCH", "/api/organization", **named, json={field: "org_a", "name": "Mine"})
            assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, field)
        assert await api.store.organization("org_b") is None
        body = {"name": "Mine", "concurrencyLimit": None}
        changed = await api.call("PATCH", "/api/organization", **named, json=body)
        assert (changed.status_code, changed.json()["organization"]["organizationId"]) == (200, "org_b")
        assert await api.store.organization("org_a") == before
        assert {signal.organization_id for signal in api.bus.sent_signals} == {"org_b"}


async def test_a_revocation_is_of_one_organization(tmp_path):
    """The same user id in two organizations is two users: logging one out everywhere leaves the other in."""
    async with serving(tmp_path) as api:
        before = (await api.call("GET", "/api/auth/me", org="org_b")).request.headers["authorization"]
        assert (await api.call("DELETE", "/api/auth/sessions", org="org_a")).status_code == 204
        answer = await api.http.get("/api/auth/me", headers={"Authorization": before})
        assert answer.status_code == 200
        assert {signal.organization_id for signal in api.bus.sent_signals} == {"org_a"}
