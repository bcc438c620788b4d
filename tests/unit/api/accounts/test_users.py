"""The users of an organization: listed, added and removed."""

import pytest

from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.bus.revocations import REMOVED
from runcast_core.model.accounts import Role
from tests.parts.api import LOGIN, USER, serving, signed_up
from tests.parts.identity_provider import IdentityProvider


async def test_an_added_user_logs_in_with_the_given_role(tmp_path):
    """In the admin's organization; the answer has neither the password nor its hash."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        added = await api.http.post("/api/users", json=USER)
        assert added.status_code == 201
        assert "password" not in added.text.lower()
        session = (await api.http.post("/api/auth/login", json=LOGIN)).json()
        headers = {"Authorization": f"Bearer {session['token']}"}
        assert (await api.http.get("/api/auth/me", headers=headers)).json()["user"] == added.json()
    assert added.json()["organizationId"] == admin["organizationId"]
    assert (added.json()["role"], added.json()["email"]) == ("developer", "b@example.com")


@pytest.mark.parametrize("role", list(Role))
async def test_members_see_names_and_roles_and_admins_addresses(tmp_path, role):
    """Everybody sees who is in the organization."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        added = (await api.http.post("/api/users", json=USER)).json()
        answer = await api.call("GET", "/api/users", org=admin["organizationId"], role=role)
    whole = [admin, added]
    few = [{name: user[name] for name in ("id", "organizationId", "name", "role")} for user in whole]
    assert answer.json() == {"users": whole if role is Role.ADMIN else few}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "s3cret"}, "email"),
        ({"password": "s3cret"}, "password"),
        ({"name": ""}, "name"),
        ({"role": "s3cret"}, "role"),
        ({"role": None}, "role"),
        ({"organizationId": "org_a"}, "organizationId"),
    ],
)
async def test_a_bad_user_names_the_field_and_adds_nobody(tmp_path, change, field):
    """A wrong or unknown field is a 400 that says which, without what was sent."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        answer = await api.http.post("/api/users", json=USER | change)
        assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, field)
        assert len(await api.store.users(admin["organizationId"])) == 1
    assert "s3cret" not in answer.text


async def test_an_address_is_taken_once_over_all_organizations(tmp_path):
    """As for sign-up; and an organization without a record has no users to add to."""
    async with serving(tmp_path) as api:
        await signed_up(api, "b@example.com")
        await signed_up(api)
        answer = await api.http.post("/api/users", json=USER)
        assert (answer.status_code, answer.json()["code"]) == (409, "EMAIL_TAKEN")
        answer = await api.call("POST", "/api/users", role=Role.ADMIN, json=USER | {"email": "c@example.com"})
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")


async def test_a_removed_user_is_out_everywhere(tmp_path):
    """Neither the old token nor the password opens anything, gateways are told, and the address is free again."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        org = admin["organizationId"]
        added = (await api.http.post("/api/users", json=USER)).json()
        token = (await api.http.post("/api/auth/login", json=LOGIN)).json()["token"]
        assert (await api.http.delete(f"/api/users/{added['id']}")).status_code == 204
        me = await api.http.get("/api/auth/me", headers={"Authorization": f"Bearer {token}"})
        assert (me.status_code, me.json()["code"]) == (401, "SESSION_REVOKED")
        login = await api.http.post("/api/auth/login", json=LOGIN)
        assert (login.status_code, login.json()["code"]) == (401, "INVALID_CREDENTIALS")
        assert added["id"] in await api.bus.revocations(org)
        assert api.bus.sent_signals == [Signal(SignalKind.REVOKE, org, subject=added["id"])]
        assert await api.store.unannounced_revocations() == []
        again = await api.http.post("/api/users", json=USER)
        assert again.status_code == 201
        assert (await api.http.post("/api/auth/login", json=LOGIN)).status_code == 200


async def test_a_log_in_during_the_removal_opens_nothing(tmp_path, monkeypatch):
    """Whether the removal comes before the token is issued or after: none is given, or it is refused."""
    async with serving(tmp_path) as api:
        org = (await signed_up(api))["organizationId"]
        added = (await api.http.post("/api/users", json=USER)).json()
        known = await api.store.user_by_email("b@example.com")

        async def found_still(_: str) -> object:
            return known

        monkeypatch.setattr(api.store, "user_by_email", found_still)
        before = (await api.http.post("/api/auth/login", json=LOGIN)).json()["token"]
        await api.store.remove_user(org, added["id"])
        login = await api.http.post("/api/auth/login", json=LOGIN)
        assert (login.status_code, login.json()["code"]) == (401, "INVALID_CREDENTIALS")
        me = await api.http.get("/api/auth/me", headers={"Authorization": f"Bearer {before}"})
        assert me.status_code == 401


async def test_nobody_removes_themselves_or_the_last_admin(tmp_path):
    """Both are conflicts that say so, and the user is as before."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        answer = await api.http.delete(f"/api/users/{admin['id']}")
        assert (answer.status_code, answer.json()["code"]) == (409, "OWN_ACCOUNT")
        answer = await api.call("DELETE", f"/api/users/{admin['id']}", org=admin["organizationId"], role=Role.ADMIN)
        assert (answer.status_code, answer.json()["code"]) == (409, "LAST_ADMIN")
        assert (await api.http.get("/api/auth/me")).status_code == 200
        assert api.bus.sent_signals == []


async def test_an_identity_provider_keeps_the_users(tmp_path):
    """With JWKS_URL users are neither listed, added nor removed here."""
    with IdentityProvider() as provider:
        headers = {"Authorization": f"Bearer {provider.token(role='admin')}"}
        async with serving(tmp_path, JWKS_URL=provider.url) as api:
            for method, path in (("GET", "/api/users"), ("POST", "/api/users"), ("DELETE", "/api/users/u2")):
                answer = await api.http.request(method, path, headers=headers, json=USER)
                assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
            assert await api.store.user_by_email("b@example.com") is None
            assert await api.store.unannounced_revocations() == []


async def test_removal_is_stored_while_redis_is_down(tmp_path):
    """The caller has succeeded, the api refuses the token at once, and gateways are told once Redis answers."""
    async with serving(tmp_path) as api:
        org = (await signed_up(api))["organizationId"]
        added = (await api.http.post("/api/users", json=USER)).json()
        api.bus.down = True
        assert (await api.http.delete(f"/api/users/{added['id']}")).status_code == 204
        assert (await api.store.standing(org, (added["id"],))).sessions_revoked_at == REMOVED
        assert [r.subject for r in await api.store.unannounced_revocations()] == [added["id"]]
