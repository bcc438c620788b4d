"""Invitations: made by admins, good once and for seven days, and what they tell nobody."""

import anyio
import pytest

from runcast_api.accounts import invitations
from runcast_api.accounts import passwords as hashing
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import CredentialKind, secret_hash
from tests.parts.api import ACCOUNT, USER, Installation, serving, signed_up
from tests.parts.identity_provider import IdentityProvider

ACCEPTED = {"email": "c@example.com", "name": "C", "password": "a quiet password"}
ACCEPT = "/api/invitations/accept"


async def invited(api: Installation, **body: str) -> dict[str, str]:
    answer = await api.http.post("/api/invitations", json={"role": "developer", **body})
    assert answer.status_code == 201
    return answer.json()


async def test_who_accepts_is_a_member_with_the_invitations_role(tmp_path):
    """Also where nobody may sign up; the answer is as of a sign-up, and the link is used up."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        api.app.state.settings = api.app.state.settings.model_copy(update={"public_signup": False})
        link = await invited(api, role="viewer", name="for C")
        assert link["token"].startswith("rci_")
        assert link["path"] == f"/invitation#{link['token']}"
        answer = await api.http.post(ACCEPT, json=ACCEPTED | {"token": link["token"]}, headers={"Authorization": ""})
        assert answer.status_code == 201
        body = answer.json()
        assert body["organization"]["id"] == body["user"]["organizationId"] == admin["organizationId"]
        assert (body["user"]["role"], body["user"]["email"], body["user"]["name"]) == ("viewer", "c@example.com", "C")
        me = await api.http.get("/api/auth/me", headers={"Authorization": f"Bearer {body['token']}"})
        assert me.json()["user"] == body["user"]
        assert (await api.http.get("/api/invitations")).json() == {"invitations": []}
        again = await api.http.post(ACCEPT, json=ACCEPTED | {"token": link["token"], "email": "d@example.com"})
        assert (again.status_code, again.json()["code"]) == (404, "LINK_UNUSABLE")


async def test_invitations_are_listed_without_their_secret_and_revoked(tmp_path):
    """In their organization; a revoked one is worth nothing."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        first, second = await invited(api, name="for C"), await invited(api, role="admin")
        listed = await api.http.get("/api/invitations")
        assert [(i["id"], i["role"], i.get("name")) for i in listed.json()["invitations"]] == [
            (first["id"], "developer", "for C"),
            (second["id"], "admin", None),
        ]
        assert {i["createdBy"] for i in listed.json()["invitations"]} == {admin["id"]}
        for secret in (first["token"], secret_hash(first["token"])):
            assert secret not in listed.text
        path = f"/api/invitations/{first['id']}"
        for status in (204, 404):
            assert (await api.http.delete(path)).status_code == status
        answer = await api.http.post(ACCEPT, json=ACCEPTED | {"token": first["token"]})
        assert (answer.status_code, answer.json()["code"]) == (404, "LINK_UNUSABLE")
        await signed_up(api, "other@example.com")
        assert (await api.http.get("/api/invitations")).json() == {"invitations": []}
        assert (await api.http.delete(f"/api/invitations/{second['id']}")).status_code == 404


async def test_what_is_refused_leaves_the_invitation_good(tmp_path):
    """A weak password, a wrong body, and an address that is taken, here or elsewhere: both are said in the same way."""
    async with serving(tmp_path) as api:
        await signed_up(api, "other@example.com")
        await signed_up(api)
        token = (await invited(api))["token"]
        taken = [{"email": "a@example.com"}, {"email": "Other@example.com"}]
        weak = [{"password": "password123"}, {"password": "c@example.com"}, {"password": "short"}, {"name": ""}]
        answers = [await api.http.post(ACCEPT, json=ACCEPTED | {"token": token} | c) for c in (*taken, *weak)]
        assert [answer.status_code for answer in answers] == [409, 409, 400, 400, 400, 400]
        assert answers[0].json()["code"] == "ADDRESS_UNUSABLE"
        assert answers[0].content == answers[1].content
        assert (await api.http.post(ACCEPT, json=ACCEPTED | {"token": token})).status_code == 201


async def test_an_address_that_is_taken_meanwhile_leaves_it_good_as_well(tmp_path, monkeypatch):
    """As it was: with its role, its end and its id."""
    async with serving(tmp_path) as api:
        await signed_up(api)
        link = await invited(api)
        before = await api.store.credential(secret_hash(link["token"]))

        async def nobody(_: str) -> None:
            return None

        monkeypatch.setattr(api.store, "user_by_email", nobody)
        answer = await api.http.post(ACCEPT, json=ACCEPTED | {"token": link["token"], "email": "a@example.com"})
        assert (answer.status_code, answer.json()["code"]) == (409, "ADDRESS_UNUSABLE")
        assert await api.store.credential(secret_hash(link["token"])) == before
        assert before is not None


async def test_a_taken_address_takes_as_long_as_a_free_one(tmp_path, monkeypatch):
    """The password is hashed before anybody looks."""
    async with serving(tmp_path) as api:
        await signed_up(api)
        hashed: list[str] = []
        real = hashing._HASHER

        class Counting:
            def hash(self, password: str) -> str:
                hashed.append(password)
                return real.hash(password)

        monkeypatch.setattr(hashing, "_HASHER", Counting())
        token = (await invited(api))["token"]
        await api.http.post(ACCEPT, json=ACCEPTED | {"token": token, "email": "a@example.com"})
        await api.http.post("/api/users", json=USER | {"email": "a@example.com"})
        assert hashed == [ACCEPTED["password"], USER["password"]]


async def test_of_several_who_accept_at_once_one_joins(tmp_path):
    """Whatever addresses they have."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        token = (await invited(api))["token"]
        statuses: list[int] = []

        async def accept(number: int) -> None:
            body = ACCEPTED | {"token": token, "email": f"c{number}@example.com"}
            statuses.append((await api.http.post(ACCEPT, json=body)).status_code)

        async with anyio.create_task_group() as tasks:
            for number in range(5):
                tasks.start_soon(accept, number)
        assert sorted(statuses) == [201, 404, 404, 404, 404]
        assert len(await api.store.users(admin["organizationId"])) == 2


@pytest.mark.parametrize("end", ["time", "organization", "removed", "demoted"])
async def test_an_invitation_ends_with_its_time_its_organization_and_who_made_it(tmp_path, monkeypatch, end):
    """Who is no admin any more lets nobody in, themselves least of all."""
    async with serving(tmp_path) as api:
        first = await signed_up(api)
        org = first["organizationId"]
        second = (await api.http.post("/api/users", json=USER | {"role": "admin"})).json()
        login = {"email": USER["email"], "password": USER["password"]}
        headers = {"Authorization": f"Bearer {(await api.http.post('/api/auth/login', json=login)).json()['token']}"}
        if end == "time":
            monkeypatch.setattr(invitations, "LIFETIME_MS", -1)
        token = (await api.http.post("/api/invitations", json={"role": "admin"}, headers=headers)).json()["token"]
        if end == "organization":
            await api.store.delete_organization(org)
        elif end == "removed":
            await api.http.delete(f"/api/users/{second['id']}")
        elif end == "demoted":
            await api.http.patch(f"/api/users/{second['id']}", json={"role": "developer"})
        answer = await api.http.post(ACCEPT, json=ACCEPTED | {"token": token})
        assert (answer.status_code, answer.json()["code"]) == (404, "LINK_UNUSABLE")
        assert await api.store.user_by_email("c@example.com") is None
        if end != "organization":
            assert await api.store.credentials(org, list(CredentialKind)) == []


@pytest.mark.parametrize("end", ["removed", "demoted"])
async def test_a_link_that_was_made_at_that_very_moment_is_worth_nothing(tmp_path, end):
    """Though nobody ended it: whoever uses it is told so."""
    async with serving(tmp_path) as api:
        first = await signed_up(api)
        org = first["organizationId"]
        second = (await api.http.post("/api/users", json=USER | {"role": "admin"})).json()
        login = {"email": USER["email"], "password": USER["password"]}
        headers = {"Authorization": f"Bearer {(await api.http.post('/api/auth/login', json=login)).json()['token']}"}
        invitation = (await api.http.post("/api/invitations", json={"role": "admin"}, headers=headers)).json()["token"]
        reset = (await api.http.post(f"/api/users/{first['id']}/password-reset", headers=headers)).json()["token"]
        if end == "removed":
            await api.store.remove_user(org, second["id"])
        else:
            await api.store.set_role(org, second["id"], Role.DEVELOPER, now_ms())
        answer = await api.http.post(ACCEPT, json=ACCEPTED | {"token": invitation})
        assert (answer.status_code, answer.json()["code"]) == (404, "LINK_UNUSABLE")
        body = {"token": reset, "password": "a quiet password"}
        answer = await api.http.post("/api/auth/password-reset", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "LINK_UNUSABLE")
        assert [user.user_id for user in await api.store.users(org) if user.role is Role.ADMIN] == [first["id"]]


async def test_an_invitation_lasts_seven_days(tmp_path):
    """The answer says until when."""
    async with serving(tmp_path) as api:
        await signed_up(api)
        before = now_ms()
        credential = await api.store.credential(secret_hash((await invited(api))["token"]))
        assert credential is not None
        assert before + 7 * 86_400_000 <= (credential.expires_at or 0) <= now_ms() + 7 * 86_400_000


@pytest.mark.parametrize("token", ["", "rci_", "rci_x", "x" * 128, "x" * 129, "\u00fc", 7, None])
async def test_what_is_no_link_opens_nothing(tmp_path, token):
    """A 404 or a 400, never more; nor does the secret of another kind of credential."""
    async with serving(tmp_path) as api:
        await signed_up(api)
        member = (await api.http.post("/api/users", json=USER)).json()
        reset = (await api.http.post(f"/api/users/{member['id']}/password-reset")).json()["token"]
        for secret in (token, reset):
            answer = await api.http.post(ACCEPT, json=ACCEPTED | {"token": secret})
            assert answer.status_code in (400, 404)
        assert await api.store.user_by_email("c@example.com") is None


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.VIEWER])
async def test_only_admins_invite(tmp_path, role):
    """Nor do they see or revoke invitations."""
    async with serving(tmp_path) as api:
        org = (await signed_up(api))["organizationId"]
        path = f"/api/invitations/{(await invited(api))['id']}"
        for method, where in (("POST", "/api/invitations"), ("GET", "/api/invitations"), ("DELETE", path)):
            assert (await api.call(method, where, org=org, role=role, json={"role": "admin"})).status_code == 403
        assert len((await api.http.get("/api/invitations")).json()["invitations"]) == 1


async def test_an_identity_provider_keeps_invitations_too(tmp_path):
    """With JWKS_URL none is made, listed, revoked or accepted here."""
    with IdentityProvider() as provider:
        headers = {"Authorization": f"Bearer {provider.token(role='admin')}"}
        async with serving(tmp_path, JWKS_URL=provider.url) as api:
            paths = [("POST", ""), ("GET", ""), ("DELETE", "/x"), ("POST", "/accept")]
            for method, path in paths:
                answer = await api.http.request(
                    method, f"/api/invitations{path}", headers=headers, json=ACCEPTED | {"token": "x", "role": "admin"}
                )
                assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


async def test_public_sign_up_alone_says_that_an_address_is_taken(tmp_path):
    """As whoever signs up has to know; nobody else does."""
    async with serving(tmp_path) as api:
        await signed_up(api)
        assert (await api.http.post("/api/auth/signup", json=ACCOUNT)).json()["code"] == "EMAIL_TAKEN"
        assert (await api.http.post("/api/users", json=USER | {"email": ACCOUNT["email"]})).json()[
            "code"
        ] != "EMAIL_TAKEN"
