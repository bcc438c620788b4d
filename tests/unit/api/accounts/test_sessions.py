"""Revoked sessions: one's own, another user's, and how the gateways learn of them."""

import time

import pytest

from runcast_core.access.tokens import HmacTokens
from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from tests.parts.api import LOGIN, SECRET, USER, bearer, serving, signed_up
from tests.parts.conditions import until
from tests.parts.identity_provider import IdentityProvider


def as_bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def test_logging_out_everywhere_ends_every_session_and_no_later_one(tmp_path):
    """Each token until then is refused, the one of the call too; a log-in right after works, also more than once."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        added = (await api.http.post("/api/users", json=USER)).json()
        for _ in range(3):
            tokens = [(await api.http.post("/api/auth/login", json=LOGIN)).json()["token"] for _ in range(2)]
            answer = await api.http.delete("/api/auth/sessions", headers=as_bearer(tokens[0]))
            assert (answer.status_code, answer.content) == (204, b"")
            fresh = (await api.http.post("/api/auth/login", json=LOGIN)).json()["token"]
            statuses = [
                (await api.http.get("/api/auth/me", headers=as_bearer(token))).status_code for token in (*tokens, fresh)
            ]
            assert statuses == [401, 401, 200]
        assert (await api.http.get("/api/auth/me")).json()["user"] == admin
        signal = Signal(SignalKind.REVOKE, admin["organizationId"], subject=added["id"])
        assert api.bus.sent_signals == [signal] * 3
        assert api.sample("runcast_api_authentication_errors_total", code="SESSION_REVOKED") == 6


async def test_a_token_from_a_clock_that_is_ahead_ends_too(tmp_path):
    """Whoever issued the caller's token, it is worth nothing afterwards."""
    async with serving(tmp_path) as api:
        token = HmacTokens(SECRET).issue("u1", "org_a", Role.VIEWER, not_before_ms=now_ms() + 30_000)
        assert (await api.http.delete("/api/auth/sessions", headers=as_bearer(token))).status_code == 204
        assert (await api.http.get("/api/executions", headers=as_bearer(token))).status_code == 401


async def test_a_log_in_works_though_another_hosts_clock_was_ahead(tmp_path):
    """The new token is as of the revocation, not of this host's earlier time."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        await api.store.revoke_sessions(admin["organizationId"], admin["id"], now_ms() + 10_000)
        assert (await api.http.get("/api/auth/me")).status_code == 401
        login = {"email": "a@example.com", "password": "a long password"}
        token = (await api.http.post("/api/auth/login", json=login)).json()["token"]
        assert (await api.http.get("/api/auth/me", headers=as_bearer(token))).status_code == 200


async def test_an_admin_ends_another_users_sessions_and_leaves_the_account(tmp_path):
    """The user may log in again; nobody else is logged out; who is no user of the organization is not found."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        added = (await api.http.post("/api/users", json=USER)).json()
        token = (await api.http.post("/api/auth/login", json=LOGIN)).json()["token"]
        assert (await api.http.delete(f"/api/users/{added['id']}/sessions")).status_code == 204
        assert (await api.http.get("/api/auth/me", headers=as_bearer(token))).status_code == 401
        assert (await api.http.post("/api/auth/login", json=LOGIN)).status_code == 200
        assert (await api.http.get("/api/auth/me")).status_code == 200
        assert list(await api.bus.revocations(admin["organizationId"])) == [added["id"]]
        answer = await api.http.delete("/api/users/nobody/sessions")
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("user_id", ["u", "auth0|5f", "https://id.example/people/7", "a b\u00fc"])
async def test_sessions_of_an_identity_provider_are_revoked_by_its_admins(tmp_path, user_id):
    """No record of the user is needed, and any id will do; a token issued later is good, one without a time is not."""
    with IdentityProvider() as provider:
        named = {"userId": user_id, "organizationId": "o"}
        admin = as_bearer(provider.token(userId="boss", organizationId="o", role="admin"))
        async with serving(tmp_path, JWKS_URL=provider.url) as api:
            old = provider.token(**named, iat=time.time() - 5)
            timeless = provider.token(**named)
            later = provider.token(**named, iat=time.time() + 5)
            elsewhere = provider.token(userId=user_id, organizationId="o2", iat=time.time() - 5)
            url = api.http.build_request("DELETE", "/").url.copy_with(path=f"/api/users/{user_id}/sessions")
            assert (await api.http.delete(url, headers=admin)).status_code == 204
            tokens = (old, timeless, later, elsewhere)
            statuses = [(await api.http.get("/api/executions", headers=as_bearer(t))).status_code for t in tokens]
            assert statuses == [401, 401, 200, 200]
            assert list(await api.bus.revocations("o")) == [user_id]


async def test_redis_knows_what_was_revoked_before_an_api_serves(tmp_path):
    """It may have been empty when the api started, or lose its memory later."""
    async with serving(tmp_path) as api:
        assert (await api.http.delete("/api/auth/sessions", headers=bearer())).status_code == 204
        await api.store.delete_organization("org_b")
    bus = MemoryBus()
    bus.lose_memory()
    async with serving(tmp_path, bus=bus) as api:
        assert (await bus.revocations("org_a")).keys() == {"u1"}
        assert (await bus.revocations("org_b")).keys() == {""}
        assert (await api.call("GET", "/api/executions", org="org_b")).json()["code"] == "ORGANIZATION_DELETED"
        bus.lose_memory()

        async def told() -> bool:
            return await bus.told_ago_ms() is not None

        await until(told)
        assert (await bus.revocations("org_a")).keys() == {"u1"}


@pytest.mark.parametrize("name", ["", "session:s1", "key:k1"])
async def test_what_is_no_users_name_is_not_found(tmp_path, name):
    """Nobody ends everybody's sessions, another kind of session or a key by the name of a user."""
    with IdentityProvider() as provider:
        admin = as_bearer(provider.token(userId="boss", organizationId="o", role="admin"))
        async with serving(tmp_path, JWKS_URL=provider.url) as api:
            answer = await api.http.delete(f"/api/users/{name}/sessions", headers=admin)
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
            assert await api.bus.revocations("o") == {}


async def test_gateways_are_told_once_redis_answers_again(tmp_path):
    """Meanwhile the caller has succeeded and the api refuses the token; afterwards nothing is left to tell."""
    async with serving(tmp_path) as api:
        api.bus.down, headers = True, bearer()
        assert (await api.http.delete("/api/auth/sessions", headers=headers)).status_code == 204
        assert (await api.http.get("/api/executions", headers=headers)).status_code == 401
        assert len(await api.store.unannounced_revocations()) == 1
        api.bus.down = False

        async def announced() -> bool:
            return not await api.store.unannounced_revocations()

        await until(announced)
        standing = await api.store.standing("org_a", ("u1",))
        assert await api.bus.revocations("org_a") == {"u1": standing.sessions_revoked_at}
