"""Roles of members: changed by admins, and at once."""

import httpx2
import pytest

from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from tests.parts.api import LOGIN, USER, Installation, serving, signed_up
from tests.parts.identity_provider import IdentityProvider


async def with_member(api: Installation) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Return the admin, a further user, and the header of the latter's token."""
    admin = await signed_up(api)
    member = (await api.http.post("/api/users", json=USER)).json()
    return admin, member, await logged_in(api)


async def logged_in(api: Installation) -> dict[str, str]:
    return {"Authorization": f"Bearer {(await api.http.post('/api/auth/login', json=LOGIN)).json()['token']}"}


async def role_of(api: Installation, answer: httpx2.Response) -> Role:
    """Return the role that the token of a call says, whatever the store does."""
    return (await api.app.state.verifier.verify(answer.request.headers["authorization"][7:])).role


async def test_a_changed_role_holds_at_once(tmp_path):
    """The token with the old role is refused, gateways are told, and the next log-in has the new role."""
    async with serving(tmp_path) as api:
        admin, member, old = await with_member(api)
        for role in ("viewer", "viewer", "admin"):
            answer = await api.http.patch(f"/api/users/{member['id']}", json={"role": role})
            assert (answer.status_code, answer.json()) == (200, member | {"role": role})
            assert (await api.http.get("/api/auth/me", headers=old)).json()["code"] == "SESSION_REVOKED"
            old = await logged_in(api)
            assert (await api.http.get("/api/auth/me", headers=old)).json()["user"]["role"] == role
        assert api.bus.sent_signals == [Signal(SignalKind.REVOKE, admin["organizationId"], subject=member["id"])] * 3
        assert (await api.http.get("/api/auth/me")).json()["user"] == admin


@pytest.mark.parametrize("stalled_ms", [0, 20_000])
@pytest.mark.parametrize("verb", ["user_by_email", "standing", "user", "organization"])
async def test_a_log_in_during_the_change_has_the_new_role_or_nothing(tmp_path, monkeypatch, verb, stalled_ms):
    """Wherever the change comes between what a log-in reads, and however long it takes from there to the token: none is
    good with the old role."""
    async with serving(tmp_path) as api:
        _, member, _ = await with_member(api)
        real = getattr(api.store, verb)

        async def read_before_the_change(*args: str) -> object:
            found = await real(*args)
            monkeypatch.undo()
            monkeypatch.setattr("runcast_core.access.tokens.now_ms", lambda: now_ms() + stalled_ms)
            await api.http.patch(f"/api/users/{member['id']}", json={"role": "viewer"})
            return found

        monkeypatch.setattr(api.store, verb, read_before_the_change)
        me = await api.http.get("/api/auth/me", headers=await logged_in(api))
        assert (await api.http.get("/api/users")).json()["users"][1]["role"] == "viewer"
        assert me.status_code == 401 or (await role_of(api, me)) == "viewer"


async def test_a_role_is_one_of_three_and_the_last_admin_stays(tmp_path):
    """A wrong body is a 400; one's own role may be given up while another admin is there."""
    async with serving(tmp_path) as api:
        admin, member, _ = await with_member(api)
        for body in ({}, {"role": "boss"}, {"role": None}, {"role": "viewer", "name": "x"}):
            answer = await api.http.patch(f"/api/users/{member['id']}", json=body)
            assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")
        own = f"/api/users/{admin['id']}"
        answer = await api.http.patch(own, json={"role": "viewer"})
        assert (answer.status_code, answer.json()["code"]) == (409, "LAST_ADMIN")
        assert (await api.http.get("/api/auth/me")).status_code == 200
        await api.http.patch(f"/api/users/{member['id']}", json={"role": "admin"})
        assert (await api.http.patch(own, json={"role": "viewer"})).status_code == 200
        assert (await api.http.get("/api/auth/me")).status_code == 401


async def test_a_change_right_after_another_ends_what_was_issued_between(tmp_path):
    """Though a token that follows a change is as of a moment that has yet to come."""
    async with serving(tmp_path) as api:
        _, member, _ = await with_member(api)
        for role in ("viewer", "developer", "viewer"):
            await api.http.patch(f"/api/users/{member['id']}", json={"role": role})
            between = await logged_in(api)
            assert (await api.http.get("/api/auth/me", headers=between)).status_code == 200
            assert (await api.http.delete(f"/api/users/{member['id']}/sessions")).status_code == 204
            assert (await api.http.get("/api/auth/me", headers=between)).status_code == 401


async def test_a_token_of_a_host_whose_clock_is_ahead_ends_too(tmp_path):
    """By a few seconds."""
    async with serving(tmp_path) as api:
        admin, member, _ = await with_member(api)
        issuer = api.app.state.verifier
        ahead = issuer.issue(member["id"], admin["organizationId"], Role.DEVELOPER, at_ms=now_ms() + 4000)
        await api.http.patch(f"/api/users/{member['id']}", json={"role": "viewer"})
        me = await api.http.get("/api/auth/me", headers={"Authorization": f"Bearer {ahead}"})
        assert me.status_code == 401


async def test_an_identity_provider_keeps_the_roles(tmp_path):
    """With JWKS_URL none is changed here."""
    with IdentityProvider() as provider:
        headers = {"Authorization": f"Bearer {provider.token(role='admin')}"}
        async with serving(tmp_path, JWKS_URL=provider.url) as api:
            answer = await api.http.patch("/api/users/u2", headers=headers, json={"role": "admin"})
            assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
