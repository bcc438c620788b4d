"""Every call that needs a token, with bad ones and with each role."""

import base64
import json

import pytest

from runcast_api.documentation.call import Access
from runcast_api.documentation.calls import CALLS
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from tests.parts.api import ACCOUNT, bearer, serving

READS = [(call.method, call.path) for call in CALLS if call.access is Access.READER]
WRITES = [(call.method, call.path) for call in CALLS if call.access is Access.WRITER]
OWN = [(call.method, call.path) for call in CALLS if call.access is Access.OWNER]
ADMINS = [(call.method, call.path) for call in CALLS if call.access in {Access.ADMIN, Access.MANAGER}]
BODY = {"image": "busybox", "taskId": "t2"}


def unsigned() -> str:
    """Return a token with `alg: none`."""
    parts = {"alg": "none"}, {"userId": "u", "organizationId": "org_a", "role": "admin", "exp": 9_999_999_999}
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."


def test_the_table_says_who_may_write():
    """Exactly the calls that change something for a user are kept from viewers."""
    assert len(READS) == 11
    assert {path for _, path in OWN} == {"/api/auth/password", "/api/auth/sessions", "/api/auth/sessions/{sessionId}"}
    assert [(c.method, c.path) for c in CALLS if c.method != "GET" and c.path.startswith("/api/exec")] == WRITES
    managed = ("/api/users", "/api/keys", "/api/organization", "/api/invitations")
    changes = {(c.method, c.path) for c in CALLS if c.method != "GET" and c.path.startswith(managed)}
    accept = ("POST", "/api/invitations/accept")
    assert {*changes, ("GET", "/api/invitations"), ("GET", "/api/keys")} == {*ADMINS, accept}


def of(path: str) -> str:
    return path.replace("{taskId}", "t1").replace("{userId}", "u2").replace("{sessionId}", "s1")


@pytest.mark.parametrize(("method", "path"), READS + WRITES + OWN + ADMINS)
async def test_bad_credentials_are_refused_everywhere(tmp_path, method, path):
    """No call that needs a token does anything without a good one."""
    good = bearer()["Authorization"].removeprefix("Bearer ")
    bad = {
        "": "AUTHENTICATION_REQUIRED",
        "Bearer": "AUTHENTICATION_REQUIRED",
        f"Basic {good}": "AUTHENTICATION_REQUIRED",
        "Bearer nonsense": "INVALID_TOKEN",
        "Bearer " + "x" * 9000: "INVALID_TOKEN",
        f"Bearer {good[:-4]}abcd": "INVALID_TOKEN",
        f"Bearer {unsigned()}": "INVALID_TOKEN",
        bearer(lifetime_s=-5)["Authorization"]: "INVALID_TOKEN",
        bearer("org/../b")["Authorization"]: "INVALID_TOKEN",
        bearer("{org}")["Authorization"]: "INVALID_TOKEN",
    }
    async with serving(tmp_path) as api:
        await api.requested()
        published = len(api.bus.published)
        for header, code in bad.items():
            headers = {"Authorization": header} if header else {}
            answer = await api.http.request(method, of(path), headers=headers, json=BODY)
            assert (answer.status_code, answer.json()["code"]) == (401, code), header
            assert answer.headers["www-authenticate"] == "Bearer"
        assert len(api.bus.published) == published
        assert await api.store.execution("org_a", "t1") is not None
        assert await api.store.execution("org_a", "t2") is None
        assert api.sample("runcast_api_authentication_errors_total", code="INVALID_TOKEN") == 7


@pytest.mark.parametrize(("method", "path"), READS + WRITES + OWN + ADMINS)
async def test_a_token_of_a_deleted_organization_is_refused_everywhere(tmp_path, method, path):
    """A deleted organization's tokens are refused, also if the store never heard of it before."""
    async with serving(tmp_path) as api:
        await api.store.delete_organization("org_a")
        answer = await api.call(method, of(path), json=BODY)
        assert (answer.status_code, answer.json()["code"]) == (401, "ORGANIZATION_DELETED")


@pytest.mark.parametrize(("method", "path"), READS + WRITES + OWN + ADMINS)
async def test_a_revoked_token_is_refused_everywhere(tmp_path, method, path):
    """No call takes a token of a user whose sessions were revoked since, whatever its role; others' go on."""
    async with serving(tmp_path) as api:
        await api.requested()
        await api.store.revoke_sessions("org_a", "u1", now_ms() + 1000)
        await api.store.revoke_sessions("org_b", "u2", now_ms() + 1000)
        answer = await api.call(method, of(path), role=Role.ADMIN, json=BODY)
        assert (answer.status_code, answer.json()["code"]) == (401, "SESSION_REVOKED")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert await api.store.execution("org_a", "t2") is None
        assert (await api.call("GET", "/api/executions", org="org_b")).status_code == 200


@pytest.mark.parametrize("role", [Role.VIEWER, Role.DEVELOPER])
@pytest.mark.parametrize(("method", "path"), ADMINS)
async def test_only_an_admin_manages(tmp_path, method, path, role):
    """Every call that manages users or the organization is a 403 for the other roles and changes nothing."""
    async with serving(tmp_path) as api:
        first = (await api.http.post("/api/auth/signup", json=ACCOUNT)).json()["user"]
        body = {"email": "b@example.com", "password": "a long password", "name": "B", "role": "admin"}
        path = path.replace("{userId}", first["id"])
        answer = await api.call(method, path, org=first["organizationId"], role=role, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
        assert [user.user_id for user in await api.store.users(first["organizationId"])] == [first["id"]]
        assert await api.store.unannounced_revocations() == api.bus.sent_signals == []


@pytest.mark.parametrize(("method", "path"), WRITES)
async def test_a_viewer_writes_nothing(tmp_path, method, path):
    """Every call that changes something is a 403 for a viewer and changes nothing."""
    async with serving(tmp_path) as api:
        await api.requested()
        answer = await api.call(method, of(path), role=Role.VIEWER, json=BODY)
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
        found = await api.store.executions("org_a")
    assert [(execution.task_id, execution.status) for execution in found] == [("t1", "PENDING")]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize(("method", "path"), READS)
async def test_every_role_reads(tmp_path, method, path, role):
    """Reading is for all three roles."""
    async with serving(tmp_path) as api:
        await api.requested()
        query = "?image=busybox" if path == "/api/images/history" else ""
        assert (await api.call(method, of(path) + query, role=role)).status_code == 200


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DEVELOPER])
async def test_admins_and_developers_write(tmp_path, role):
    """Requesting, running again, cancelling and deleting are for admins and developers."""
    async with serving(tmp_path) as api:
        assert (await api.call("POST", "/api/execution-request", role=role, json=BODY)).status_code == 202
        assert (await api.call("POST", "/api/executions/t2/rerun", role=role)).status_code == 202
        assert (await api.call("POST", "/api/executions/t2/cancel", role=role)).status_code == 202
        assert (await api.call("DELETE", "/api/executions/t2", role=role)).status_code == 204


async def test_the_scheme_is_compared_without_case(tmp_path):
    """`bearer` is as good as `Bearer` (RFC 9110)."""
    async with serving(tmp_path) as api:
        header = bearer()["Authorization"].replace("Bearer", "bearer")
        assert (await api.http.get("/api/executions", headers={"Authorization": header})).status_code == 200


async def test_issuer_and_audience_are_checked_where_configured(tmp_path):
    """With JWT_ISSUER and JWT_AUDIENCE set, tokens without or with other ones are refused."""
    async with serving(tmp_path, JWT_ISSUER="runcast", JWT_AUDIENCE="api") as api:
        good = bearer(issuer="runcast", audience="api")
        assert (await api.http.get("/api/executions", headers=good)).status_code == 200
        for bad in (bearer(), bearer(issuer="other", audience="api"), bearer(issuer="runcast", audience="other")):
            assert (await api.http.get("/api/executions", headers=bad)).status_code == 401
