"""Password resets: a link that an admin makes, and a user uses once."""

import anyio
import pytest

from runcast_api.accounts import password_resets
from runcast_core.model.accounts import Role
from runcast_core.model.credentials import CredentialKind, secret_hash
from tests.parts.api import LOGIN, USER, Installation, serving, signed_up
from tests.parts.identity_provider import IdentityProvider

NEW = "a quiet password"
RESET = "/api/auth/password-reset"


async def with_link(api: Installation) -> tuple[dict[str, str], dict[str, str], str]:
    """Return an admin, a member, and the secret of a link that sets the member's password."""
    admin = await signed_up(api)
    member = (await api.http.post("/api/users", json=USER)).json()
    return admin, member, await offered(api, member)


async def offered(api: Installation, member: dict[str, str]) -> str:
    answer = await api.http.post(f"/api/users/{member['id']}/password-reset")
    assert answer.status_code == 201
    body = answer.json()
    assert body["token"].startswith("rcp_")
    assert (set(body), body["path"]) == ({"token", "path", "expiresAt"}, f"/password-reset#{body['token']}")
    return body["token"]


async def login(api: Installation, password: str) -> int:
    return (await api.http.post("/api/auth/login", json=LOGIN | {"password": password})).status_code


async def test_a_link_sets_the_password_once_and_ends_what_the_old_one_opened(tmp_path):
    """Tokens and sessions of pages; the admin's own go on. The second use is a 404."""
    async with serving(tmp_path) as api:
        admin, member, token = await with_link(api)
        old = (await api.http.post("/api/auth/login", json=LOGIN | {"session": True})).json()["token"]
        answer = await api.http.post(RESET, json={"token": token, "password": NEW}, headers={"Authorization": ""})
        assert (answer.status_code, answer.content) == (204, b"")
        me = await api.http.get("/api/auth/me", headers={"Authorization": f"Bearer {old}"})
        assert (me.status_code, me.json()["code"]) == (401, "SESSION_REVOKED")
        assert await api.store.sessions(admin["organizationId"], member["id"]) == []
        assert [s.subject for s in api.bus.sent_signals] == [member["id"]]
        assert [await login(api, USER["password"]), await login(api, NEW)] == [401, 200]
        again = await api.http.post(RESET, json={"token": token, "password": "another quiet one"})
        assert (again.status_code, again.json()["code"]) == (404, "LINK_UNUSABLE")
        assert (await api.http.get("/api/auth/me")).status_code == 200


async def test_a_newer_link_ends_older_ones_of_that_user(tmp_path):
    """And nobody else's."""
    async with serving(tmp_path) as api:
        _, member, old = await with_link(api)
        third = (await api.http.post("/api/users", json=USER | {"email": "c@example.com"})).json()
        others = await offered(api, third)
        new = await offered(api, member)
        assert (await api.http.post(RESET, json={"token": old, "password": NEW})).status_code == 404
        for token in (new, others):
            assert (await api.http.post(RESET, json={"token": token, "password": NEW})).status_code == 204


async def test_a_refused_password_leaves_the_link_good(tmp_path):
    """A common one, the address, one that is too short."""
    async with serving(tmp_path) as api:
        _, _, token = await with_link(api)
        for password, code in (
            ("password123", "WEAK_PASSWORD"),
            (LOGIN["email"], "WEAK_PASSWORD"),
            ("x", "INVALID_REQUEST"),
        ):
            answer = await api.http.post(RESET, json={"token": token, "password": password})
            assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert (await api.http.post(RESET, json={"token": token, "password": NEW})).status_code == 204


async def test_of_several_uses_at_once_one_succeeds(tmp_path):
    """And the password is that one's."""
    async with serving(tmp_path) as api:
        _, _, token = await with_link(api)
        done: list[str] = []

        async def use(password: str) -> None:
            answer = await api.http.post(RESET, json={"token": token, "password": password})
            if answer.status_code == 204:
                done.append(password)

        async with anyio.create_task_group() as tasks:
            for number in range(5):
                tasks.start_soon(use, f"{NEW} {number}")
        assert len(done) == 1
        assert await login(api, done[0]) == 200


@pytest.mark.parametrize("end", ["time", "organization", "removed", "maker removed", "maker demoted", "changed"])
async def test_a_link_ends_with_its_time_its_user_and_who_made_it(tmp_path, monkeypatch, end):
    """And with a change of the password by the user."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        maker = (await api.http.post("/api/users", json=USER | {"role": "admin"})).json()
        member = (await api.http.post("/api/users", json=USER | {"email": "c@example.com"})).json()
        tokens = [
            (await api.http.post("/api/auth/login", json=LOGIN | {"email": email})).json()["token"]
            for email in ("b@example.com", "c@example.com")
        ]
        of_maker, of_member = ({"Authorization": f"Bearer {token}"} for token in tokens)
        if end == "time":
            monkeypatch.setattr(password_resets, "LIFETIME_MS", -1)
        path = f"/api/users/{member['id']}/password-reset"
        token = (await api.http.post(path, headers=of_maker)).json()["token"]
        if end == "organization":
            await api.store.delete_organization(admin["organizationId"])
        elif end == "removed":
            await api.http.delete(f"/api/users/{member['id']}")
        elif end == "maker removed":
            await api.http.delete(f"/api/users/{maker['id']}")
        elif end == "maker demoted":
            await api.http.patch(f"/api/users/{maker['id']}", json={"role": "viewer"})
        elif end == "changed":
            body = {"oldPassword": USER["password"], "newPassword": "a loud password"}
            assert (await api.http.put("/api/auth/password", json=body, headers=of_member)).status_code == 200
        answer = await api.http.post(RESET, json={"token": token, "password": NEW})
        assert (answer.status_code, answer.json()["code"]) == (404, "LINK_UNUSABLE")
        if end != "organization":
            assert await api.store.credential(secret_hash(token)) is None
            assert await api.store.credentials(admin["organizationId"], list(CredentialKind)) == []


async def test_nobody_makes_one_for_themselves(tmp_path):
    """Who has no more than an admin's token would have the account, too; another admin makes one for them."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        other = (await api.http.post("/api/users", json=USER | {"role": "admin"})).json()
        answer = await api.http.post(f"/api/users/{admin['id']}/password-reset")
        assert (answer.status_code, answer.json()["code"]) == (409, "OWN_ACCOUNT")
        assert await api.store.credentials(admin["organizationId"], list(CredentialKind)) == []
        await offered(api, other)


async def test_only_an_admin_makes_one_for_a_member(tmp_path):
    """Of another organization, or nobody's, there is no user to make one for."""
    async with serving(tmp_path) as api:
        admin, member, _ = await with_link(api)
        path = f"/api/users/{member['id']}/password-reset"
        for role in (Role.DEVELOPER, Role.VIEWER):
            assert (await api.call("POST", path, org=admin["organizationId"], role=role)).status_code == 403
        assert (await api.call("POST", path, org="org_b", role=Role.ADMIN)).status_code == 404
        assert (await api.http.post("/api/users/nobody/password-reset")).status_code == 404


async def test_an_identity_provider_keeps_the_passwords(tmp_path):
    """With JWKS_URL none is set here."""
    with IdentityProvider() as provider:
        headers = {"Authorization": f"Bearer {provider.token(role='admin')}"}
        async with serving(tmp_path, JWKS_URL=provider.url) as api:
            for path in ("/api/users/u2/password-reset", RESET):
                answer = await api.http.post(path, headers=headers, json={"token": "x", "password": NEW})
                assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
