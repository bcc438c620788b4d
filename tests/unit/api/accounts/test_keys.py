"""API keys: made by admins who logged in, good for calls, narrowed, revoked, and never good for making others."""

from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from runcast_api.documentation.call import Access
from runcast_api.documentation.calls import CALLS
from runcast_core.access.tokens import HmacTokens
from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import CredentialKind, new_secret, secret_hash
from runcast_core.model.errors import StoreUnavailable
from tests.parts.api import ACCOUNT, SECRET, Installation, bearer, serving, signed_up, with_key
from tests.parts.identity_provider import IdentityProvider

NEW = {"name": "CI", "kind": "api-key", "role": "developer"}
PEOPLES = [(call.method, call.path) for call in CALLS if call.access in {Access.OWNER, Access.MANAGER}]
BODY = {"image": "alpine:3", "taskId": "t1"}


def shown(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def in_header(secret: str) -> dict[str, str]:
    return {"x-api-key": secret}


async def made(api: Installation, **fields: Any) -> dict[str, Any]:
    answer = await api.call("POST", "/api/keys", role=Role.ADMIN, json=NEW | fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def used(api: Installation, secret: str, method: str, path: str, **request: Any) -> httpx2.Response:
    return await api.http.request(method, path, headers=shown(secret), **request)


async def test_a_key_is_shown_once(tmp_path):
    """The store has its hash; a list neither, nor has any log line."""
    with capture_logs() as logs:
        async with serving(tmp_path) as api:
            key = await made(api, expiresInDays=30, pools=["gpu", "gpu"], images=["alpine:3", "ghcr.io/acme/*"])
            secret = key.pop("secret")
            assert secret.startswith("rck_")
            assert len(secret) == 47
            listed = await api.call("GET", "/api/keys", role=Role.ADMIN)
            assert listed.json() == {"keys": [key]}
            stored = await api.store.credential(secret_hash(secret))
            assert stored is not None
            assert (stored.pools, stored.images) == (("gpu",), ("alpine:3", "ghcr.io/acme/*"))
            assert secret not in repr(stored)
            assert stored.expires_at == stored.created_at + 30 * 86_400_000
            assert (key["name"], key["role"], key["kind"], key["createdBy"]) == ("CI", "developer", "api-key", "u1")
            other = await api.call("GET", "/api/keys", org="org_b", role=Role.ADMIN)
            assert other.json() == {"keys": []}
            await used(api, secret, "GET", "/api/auth/me")
    assert secret not in str(logs)
    assert secret_hash(secret) not in str(logs)


@pytest.mark.parametrize("header", [shown, in_header])
async def test_a_key_calls_in_its_own_name(tmp_path, header):
    """As a bearer token or in `x-api-key`; what it requests is its own, and its role is what it may."""
    async with serving(tmp_path) as api:
        key = await made(api)
        headers = header(key["secret"])
        me = (await api.http.get("/api/auth/me", headers=headers)).json()
        who = {"id": f"key:{key['id']}", "organizationId": "org_a", "role": "developer", "name": "CI"}
        assert me == {"user": who, "organization": {"id": "org_a"}}
        assert (await api.http.post("/api/execution-request", json=BODY, headers=headers)).status_code == 202
        execution = await api.store.execution("org_a", "t1")
        assert execution is not None
        assert execution.requested_by == f"key:{key['id']}"
        assert (await api.http.get("/api/executions/t1", headers=headers)).status_code == 200
        assert (await api.http.post("/api/executions/t1/cancel", headers=headers)).status_code == 202
        assert (await api.http.delete("/api/executions/t1", headers=headers)).status_code == 204
        change = await api.http.patch("/api/organization", json={"name": "New"}, headers=headers)
        assert (change.status_code, change.json()["code"]) == (403, "FORBIDDEN")
        viewer = await made(api, role="viewer")
        refused = await used(api, viewer["secret"], "POST", "/api/execution-request", json=BODY)
        assert (refused.status_code, refused.json()["code"]) == (403, "FORBIDDEN")
        assert (await used(api, viewer["secret"], "GET", "/api/executions")).status_code == 200
        admin = await made(api, role="admin")
        assert (await used(api, admin["secret"], "PATCH", "/api/organization", json={"name": "N"})).status_code == 200


async def test_a_key_is_of_one_organization(tmp_path):
    """Another's execution is not found."""
    async with serving(tmp_path) as api:
        await api.requested("theirs", org="org_b")
        _, secret = await with_key(api.store, role=Role.ADMIN)
        for method, path in (("GET", ""), ("GET", "/logs"), ("POST", "/cancel"), ("POST", "/rerun"), ("DELETE", "")):
            answer = await used(api, secret, method, f"/api/executions/theirs{path}")
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
        assert (await used(api, secret, "GET", "/api/executions")).json()["executions"] == []


async def test_what_is_no_good_key_is_refused_as_a_bad_token_is(tmp_path):
    """Unknown, spoilt, expired, revoked, or another kind's secret: the same answer, wherever it stands."""
    async with serving(tmp_path) as api:
        bad = await api.http.get("/api/executions", headers=shown("nonsense"))
        _, expired = await with_key(api.store, expires_at=now_ms() - 1)
        gone, revoked = await with_key(api.store)
        await api.store.remove_credential("org_a", gone.credential_id, [CredentialKind.API_KEY])
        _, good = await with_key(api.store)
        others = [(await with_key(api.store, kind, role=Role.ADMIN))[1] for kind in list(CredentialKind)[1:]]
        spoilt = ["rck_" + secret[4:] for secret in others]
        longer, random = good + "x", new_secret(CredentialKind.API_KEY)
        for secret in (expired, revoked, *spoilt, random, good[:-1], longer, good.upper(), "rck_", "rck_" + "x" * 9000):
            for headers in (shown(secret), in_header(secret)):
                answer = await api.http.get("/api/executions", headers=headers)
                if secret.startswith("rck_") and len(secret) < 129:
                    assert (answer.status_code, answer.content) == (401, bad.content), secret
                assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_TOKEN"), secret
                assert answer.headers["www-authenticate"] == "Bearer"
        for secret in others:
            assert (await used(api, secret, "GET", "/api/executions")).content == bad.content
        assert (await used(api, good, "GET", "/api/executions")).status_code == 200


async def test_a_key_of_a_deleted_organization_is_refused_as_its_tokens_are(tmp_path):
    """With the same answer."""
    async with serving(tmp_path) as api:
        _, secret = await with_key(api.store)
        await api.store.delete_organization("org_a")
        token = await api.call("GET", "/api/executions")
        key = await used(api, secret, "GET", "/api/executions")
        assert (key.status_code, key.content) == (401, token.content)
        assert key.json()["code"] == "ORGANIZATION_DELETED"


async def test_two_credentials_are_one_too_many(tmp_path):
    """Unless they are the same: nobody could say who calls. A token in `x-api-key` is told where it belongs."""
    async with serving(tmp_path) as api:
        _, secret = await with_key(api.store)
        _, other = await with_key(api.store)
        both = await api.http.get("/api/executions", headers=shown(secret) | in_header(secret))
        assert both.status_code == 200
        basic = {"Authorization": "Basic dTpw"}
        for headers in (shown(other), bearer(), basic, {"Authorization": ""}):
            answer = await api.http.get("/api/executions", headers=headers | in_header(secret))
            assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_TOKEN")
            assert "send one of them" in answer.json()["error"]
        token = bearer()["Authorization"].removeprefix("Bearer ")
        misplaced = await api.http.get("/api/executions", headers=in_header(token))
        assert (misplaced.status_code, misplaced.json()["code"]) == (401, "INVALID_TOKEN")
        assert "Authorization: Bearer" in misplaced.json()["error"]
        twice = [("Authorization", f"Bearer {secret}"), ("Authorization", f"Bearer {other}")]
        assert (await api.http.get("/api/executions", headers=twice)).status_code == 401
        twice = [("x-api-key", secret), ("x-api-key", other)]
        assert (await api.http.get("/api/executions", headers=twice)).status_code == 401
        empty = await api.http.get("/api/executions", headers=in_header(""))
        assert (empty.status_code, empty.json()["code"]) == (401, "AUTHENTICATION_REQUIRED")


@pytest.mark.parametrize(("method", "path"), PEOPLES)
async def test_a_key_does_nothing_that_is_for_people(tmp_path, method, path):
    """Neither makes, lists or revokes keys, nor changes who is a member, nor ends sessions: also an admin's."""
    async with serving(tmp_path) as api:
        user = await signed_up(api)
        org = user["organizationId"]
        key, secret = await with_key(api.store, org=org, role=Role.ADMIN)
        path = path.replace("{userId}", user["id"]).replace("{keyId}", key.credential_id)
        user = {"email": "b@example.com", "password": "a long password", "name": "B", "role": "admin"}
        for body in (NEW, user):
            answer = await used(api, secret, method, path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
            assert "log in" in answer.json()["error"]
        assert [k.credential_id for k in await api.store.credentials(org, list(CredentialKind))] == [key.credential_id]
        assert len(await api.store.users(org)) == 1
        assert await api.store.unannounced_revocations() == api.bus.sent_signals == []


async def test_a_revoked_key_is_worth_nothing_at_once(tmp_path):
    """Gateways are told; whoever revokes it again finds none, nor does another organization."""
    async with serving(tmp_path) as api:
        key, kept = await made(api), await made(api)
        path = f"/api/keys/{key['id']}"
        assert (await api.call("DELETE", path, org="org_b", role=Role.ADMIN)).status_code == 404
        assert (await used(api, key["secret"], "GET", "/api/executions")).status_code == 200
        for status in (204, 404):
            assert (await api.call("DELETE", path, role=Role.ADMIN)).status_code == status
            answer = await used(api, key["secret"], "GET", "/api/executions")
            assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_TOKEN")
        assert api.bus.sent_signals == [Signal(SignalKind.REVOKE, "org_a", subject=f"key:{key['id']}")]
        assert (await used(api, kept["secret"], "GET", "/api/executions")).status_code == 200
        listed = (await api.call("GET", "/api/keys", role=Role.ADMIN)).json()["keys"]
        assert [each["id"] for each in listed] == [kept["id"]]


async def test_a_revocation_that_failed_in_the_middle_holds_and_is_finished_by_the_next(tmp_path, monkeypatch):
    """The key is refused from the first step on, and still listed, so that it can be revoked again."""
    async with serving(tmp_path) as api:
        key = await made(api)

        async def down(*_: object) -> None:
            raise StoreUnavailable("no answer")

        with monkeypatch.context() as patched:
            patched.setattr(api.store, "remove_credential", down)
            assert (await api.call("DELETE", f"/api/keys/{key['id']}", role=Role.ADMIN)).status_code == 503
        assert (await used(api, key["secret"], "GET", "/api/executions")).status_code == 401
        assert len((await api.call("GET", "/api/keys", role=Role.ADMIN)).json()["keys"]) == 1
        assert (await api.call("DELETE", f"/api/keys/{key['id']}", role=Role.ADMIN)).status_code == 204
        assert (await api.call("GET", "/api/keys", role=Role.ADMIN)).json() == {"keys": []}


async def test_a_worker_key_is_made_and_revoked_likewise(tmp_path):
    """It reports until then."""
    async with serving(tmp_path) as api:
        answer = await api.call("POST", "/api/keys", role=Role.ADMIN, json={"name": "W", "kind": "worker-key"})
        key = answer.json()
        assert (answer.status_code, key["secret"][:4], "role" in key) == (201, "rcw_", False)
        report = {"taskId": "t", "log": "x"}
        for revoke, status in ((True, 200), (False, 403)):
            answer = await api.http.post("/executions/log", json=report, headers=shown(key["secret"]))
            assert answer.status_code == status
            if revoke:
                assert (await api.call("DELETE", f"/api/keys/{key['id']}", role=Role.ADMIN)).status_code == 204


@pytest.mark.parametrize(
    "change",
    [
        *({"kind": kind} for kind in (None, "invitation", "password-reset", "", 1)),
        *({"role": role} for role in (None, "owner", "", 1)),
        *({"name": name} for name in (None, "", "  ", "x" * 201, 7)),
        *({"expiresInDays": days} for days in (0, -1, 3651, 1.5, True, "30")),
        *({"pools": pools} for pools in (["a b"], ["*"], [""], "gpu", ["x" * 65], ["p"] * 51, [None])),
        *({"images": images} for images in (["a*b"], ["**"], [""], "alpine", ["x" * 513], ["a"] * 51, ["a b"])),
        *({"secret": "rck_mine"}, {"id": "mine"}, {"organizationId": "org_b"}, {"createdBy": "u2"}),
        *({"kind": "worker-key"}, {"kind": "worker-key", "role": None, "pools": ["gpu"]}),
    ],
)
async def test_a_key_that_cannot_be_is_refused(tmp_path, change):
    """With what is wrong, and nothing made."""
    async with serving(tmp_path) as api:
        answer = await api.call("POST", "/api/keys", role=Role.ADMIN, json=NEW | change)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")
        assert any(name in answer.json()["error"] for name in [*change, "worker key"])
        assert await api.store.credentials("org_a", list(CredentialKind)) == []


async def test_with_an_identity_provider_keys_work_just_the_same(tmp_path):
    """An admin of the provider's makes them; nothing else of an account is kept here."""
    with IdentityProvider() as provider:
        async with serving(tmp_path, JWKS_URL=provider.url) as api:
            admin = provider.token(role="admin", organizationId="org_a")
            answer = await api.http.post("/api/keys", json=NEW, headers=shown(admin))
            assert answer.status_code == 201, answer.text
            secret = answer.json()["secret"]
            assert (await used(api, secret, "POST", "/api/execution-request", json=BODY)).status_code == 202
            assert (await used(api, secret, "GET", "/api/keys")).status_code == 403
            own = HmacTokens(SECRET).issue("u", "org_a", Role.ADMIN)
            assert (await api.http.post("/api/keys", json=NEW, headers=shown(own))).status_code == 401


async def test_presence_shows_a_key_by_its_name(tmp_path):
    """As it shows a user; one that was revoked meanwhile, by its id."""
    async with serving(tmp_path) as api:
        key = await made(api, name="Deploy bot", role="viewer")
        user = (await api.http.post("/api/auth/signup", json=ACCOUNT)).json()["user"]
        await api.bus.note_presence("g", {"org_a": {f"key:{key['id']}": 2, "key:gone": 1, user["id"]: 1}})
        users = (await api.call("GET", "/api/presence")).json()["users"]
        shown_key = {"userId": f"key:{key['id']}", "sockets": 2, "name": "Deploy bot", "role": "viewer"}
        assert users[0] == shown_key
        assert {"userId": "key:gone", "sockets": 1} in users
