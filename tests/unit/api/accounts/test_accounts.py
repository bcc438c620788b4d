"""Sign-up, log-in and who a token stands for."""

import pytest

from runcast_api.accounts import passwords
from runcast_core.model.accounts import Role
from tests.parts.api import bearer, serving

ACCOUNT = {
    "email": "Ada@Example.com",
    "password": "correct horse battery",
    "name": "Ada",
    "organizationName": "Engines",
}
LOGIN = {"email": "ada@example.com", "password": "correct horse battery"}


async def test_signup_login_and_me(tmp_path):
    """Who signs up becomes admin of a new organization, and logs in whatever the case of the address."""
    async with serving(tmp_path) as api:
        signup = await api.http.post("/api/auth/signup", json=ACCOUNT)
        assert signup.status_code == 201
        body = signup.json()
        assert body["user"]["email"] == "ada@example.com"
        assert body["user"]["role"] == "admin"
        assert body["user"]["organizationId"] == body["organization"]["id"]
        login = await api.http.post("/api/auth/login", json=LOGIN | {"email": " ADA@example.COM "})
        assert login.status_code == 200
        assert login.json()["user"] == body["user"]
        me = await api.http.get("/api/auth/me", headers={"Authorization": f"Bearer {login.json()['token']}"})
        assert me.json() == {"user": body["user"], "organization": body["organization"]}
        user = await api.store.user_by_email("ada@example.com")
    assert user is not None
    assert user.password_hash.startswith("$argon2id$")
    assert "hash" not in signup.text.lower()
    assert ACCOUNT["password"] not in signup.text


@pytest.mark.parametrize(
    ("written", "otherwise", "kept"),
    [
        ("x@xn--mller-kva.de", "X@M\u00fcller.de", "x@m\u00fcller.de"),
        ("u\u0308x@example.com", "\u00fcX@example.com", "\u00fcx@example.com"),
        ("a@corp.local", "A@Corp.Local", "a@corp.local"),
        ("a@localhost", " a@localhost ", "a@localhost"),
        ("a@b.test", "a@B.test", "a@b.test"),
    ],
)
async def test_an_address_is_the_same_however_it_is_written(tmp_path, written, otherwise, kept):
    """Internationalized domains, composed letters, case: sign-up and log-in mean one address by both spellings, and
    names that only a local network knows are as good as others."""
    async with serving(tmp_path) as api:
        signup = await api.http.post("/api/auth/signup", json=ACCOUNT | {"email": written})
        assert (signup.status_code, signup.json().get("user", {}).get("email")) == (201, kept)
        for email in (written, otherwise, kept):
            assert (await api.http.post("/api/auth/login", json=LOGIN | {"email": email})).status_code == 200
            again = await api.http.post("/api/auth/signup", json=ACCOUNT | {"email": email})
            assert again.json()["code"] == "EMAIL_TAKEN"


@pytest.mark.parametrize("email", ["nonsense", "Ada <ada@example.com>", "ada@example.com>", "", "a@", "\x00@b.c"])
async def test_what_is_no_address_is_refused_alike(tmp_path, email):
    """Sign-up and log-in answer 400, naming the field, whoever has an account: it tells nothing about any."""
    async with serving(tmp_path) as api:
        answers = [
            await api.http.post("/api/auth/login", json=LOGIN | {"email": email}),
            await api.http.post("/api/auth/signup", json=ACCOUNT),
            await api.http.post("/api/auth/login", json=LOGIN | {"email": email}),
            await api.http.post("/api/auth/signup", json=ACCOUNT | {"email": email}),
        ]
        documented = (await api.http.get("/openapi.json")).json()["components"]["schemas"]
    assert [answer.status_code for answer in answers] == [400, 201, 400, 400]
    assert answers[0].content == answers[2].content
    assert answers[0].json()["details"] == [{"field": "email", "problem": "is not valid"}]
    assert [documented[name]["properties"]["email"]["format"] for name in ("Signup", "Login")] == ["email"] * 2


async def test_an_email_address_is_taken_once(tmp_path):
    """A second sign-up with the same address, in another case, is a conflict and leaves the first as it was."""
    async with serving(tmp_path) as api:
        await api.http.post("/api/auth/signup", json=ACCOUNT)
        again = {**ACCOUNT, "email": "ADA@EXAMPLE.COM", "password": "another password"}
        answer = await api.http.post("/api/auth/signup", json=again)
        assert (answer.status_code, answer.json()["code"]) == (409, "EMAIL_TAKEN")
        assert (await api.http.post("/api/auth/login", json=LOGIN)).status_code == 200


async def test_a_wrong_password_and_an_unknown_address_are_the_same(tmp_path, monkeypatch):
    """Both get the same answer after the same work: one verification of one Argon2 hash."""
    verified: list[str] = []

    class Counting:
        def verify(self, password_hash: str, password: str) -> bool:
            verified.append(password_hash.rpartition("$")[0].rpartition("$")[0])
            return hasher.verify(password_hash, password)

    async with serving(tmp_path) as api:
        await api.http.post("/api/auth/signup", json=ACCOUNT)
        hasher = passwords._HASHER
        monkeypatch.setattr(passwords, "_HASHER", Counting())
        wrong = await api.http.post("/api/auth/login", json=LOGIN | {"password": "wrong"})
        unknown = await api.http.post("/api/auth/login", json=LOGIN | {"email": "nobody@example.com"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "INVALID_CREDENTIALS")
    assert (unknown.status_code, unknown.content) == (wrong.status_code, wrong.content)
    assert len(verified) == 2
    assert verified[0] == verified[1]  # the same parameters, so the same cost


async def test_the_password_of_nobody_opens_nothing(tmp_path):
    """The stand-in hash that unknown addresses are compared with lets nobody in."""
    async with serving(tmp_path) as api:
        login = {"email": "nobody@example.com", "password": "nobody has this password"}
        assert (await api.http.post("/api/auth/login", json=login)).status_code == 401


async def test_signup_can_be_switched_off(tmp_path):
    """With RUNCAST_PUBLIC_SIGNUP off nobody signs up, and log-in goes on."""
    async with serving(tmp_path, RUNCAST_PUBLIC_SIGNUP="false") as api:
        answer = await api.http.post("/api/auth/signup", json=ACCOUNT)
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
        assert (await api.http.post("/api/auth/login", json=LOGIN)).status_code == 401


async def test_an_identity_provider_keeps_the_accounts_where_no_secret_is_set(tmp_path):
    """With only a JWKS URL neither sign-up nor log-in is offered, and nothing is stored."""
    async with serving(tmp_path, JWT_SECRET="", JWKS_URL="http://127.0.0.1:9/jwks") as api:
        for path, body in (("signup", ACCOUNT), ("login", LOGIN)):
            assert (await api.http.post(f"/api/auth/{path}", json=body)).status_code == 403
        assert await api.store.user_by_email("ada@example.com") is None


async def test_a_deleted_organization_is_shut_out(tmp_path):
    """After deletion neither the token nor a new log-in works."""
    async with serving(tmp_path) as api:
        signup = (await api.http.post("/api/auth/signup", json=ACCOUNT)).json()
        await api.store.delete_organization(signup["organization"]["id"])
        login = await api.http.post("/api/auth/login", json=LOGIN)
        me = await api.http.get("/api/auth/me", headers={"Authorization": f"Bearer {signup['token']}"})
    for answer in (login, me):
        assert (answer.status_code, answer.json()["code"]) == (401, "ORGANIZATION_DELETED")


async def test_me_of_a_user_that_only_the_token_knows(tmp_path):
    """A verified token of an unknown organization is answered with what it says, never with another's user."""
    async with serving(tmp_path) as api:
        signup = (await api.http.post("/api/auth/signup", json=ACCOUNT)).json()
        answer = await api.http.get("/api/auth/me", headers=bearer("org_x", Role.VIEWER))
    assert answer.json() == {
        "user": {"id": "u1", "organizationId": "org_x", "role": "viewer"},
        "organization": {"id": "org_x"},
    }
    assert signup["user"]["email"] not in answer.text


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "not-an-address-s3cret"}, "email"),
        ({"email": "s3cret(!)@example.com"}, "email"),
        ({"email": 7}, "email"),
        ({"password": "s3cret"}, "password"),
        ({"password": ["s3cret"]}, "password"),
        ({"password": "s3cret" * 500}, "password"),
        ({"name": "  "}, "name"),
        ({"organizationName": None}, "organizationName"),
        ({"role": "admin"}, "role"),
        ({"organizationId": "org_a"}, "organizationId"),
    ],
)
async def test_a_bad_signup_names_the_field_and_repeats_no_value(tmp_path, change, field):
    """A wrong or unknown field of a sign-up is a 400 that says which, without what was sent."""
    async with serving(tmp_path) as api:
        answer = await api.http.post("/api/auth/signup", json=ACCOUNT | change)
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST")
    assert [detail["field"] for detail in answer.json()["details"]] == [field]
    assert "s3cret" not in answer.text
    assert "'('" not in answer.text
