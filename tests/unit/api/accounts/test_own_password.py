"""Changing one's own password."""

import anyio
import pytest

from tests.parts.api import LOGIN, USER, Installation, serving, signed_up
from tests.parts.identity_provider import IdentityProvider

NEW = "a quiet password"
CHANGE = {"oldPassword": USER["password"], "newPassword": NEW}


async def logged_in(api: Installation, **body: object) -> dict[str, str]:
    answer = await api.http.post("/api/auth/login", json=LOGIN | body)
    return {"Authorization": f"Bearer {answer.json()['token']}"}


async def change(api: Installation, headers: dict[str, str], **body: str) -> object:
    return await api.http.put("/api/auth/password", json=CHANGE | body, headers=headers)


async def statuses(api: Installation, *headers: dict[str, str]) -> list[int]:
    return [(await api.http.get("/api/auth/me", headers=each)).status_code for each in headers]


async def test_the_caller_goes_on_and_everybody_else_is_out(tmp_path):
    """With a new token; the one of the call and all others are refused, and gateways are told."""
    async with serving(tmp_path) as api:
        await signed_up(api)
        member = (await api.http.post("/api/users", json=USER)).json()
        mine, other = await logged_in(api), await logged_in(api)
        answer = await change(api, mine)
        assert (answer.status_code, answer.json()["user"]) == (200, member)
        new = {"Authorization": f"Bearer {answer.json()['token']}"}
        assert await statuses(api, mine, other, new) == [401, 401, 200]
        assert [signal.subject for signal in api.bus.sent_signals] == [member["id"]]
        for password, status in ((USER["password"], 401), (NEW, 200)):
            assert (await api.http.post("/api/auth/login", json=LOGIN | {"password": password})).status_code == status
        assert (await api.http.get("/api/auth/me")).status_code == 200


async def test_the_page_of_the_call_keeps_its_session(tmp_path):
    """Other sessions of the user end."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        member = (await api.http.post("/api/users", json=USER)).json()
        mine, _ = await logged_in(api, session=True), await logged_in(api, session=True)
        own = (await api.app.state.verifier.verify(mine["Authorization"][7:])).session_id
        answer = await change(api, mine)
        new = await api.app.state.verifier.verify(answer.json()["token"])
        assert (answer.status_code, new.session_id) == (200, own)
        assert 0 < new.expires_at - (new.issued_at or 0) <= 900
        left = await api.store.sessions(admin["organizationId"], member["id"])
        assert [session.session_id for session in left] == [own]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"oldPassword": "wrong"}, 403, "WRONG_PASSWORD"),
        ({"oldPassword": ""}, 403, "WRONG_PASSWORD"),
        ({"oldPassword": "x" * 1025}, 400, "INVALID_REQUEST"),
        ({"newPassword": "password123"}, 400, "WEAK_PASSWORD"),
        ({"newPassword": "B@example.com"}, 400, "WEAK_PASSWORD"),
        ({"newPassword": "short"}, 400, "INVALID_REQUEST"),
        ({"name": "x"}, 400, "INVALID_REQUEST"),
    ],
)
async def test_what_is_refused_changes_nothing(tmp_path, body, status, code):
    """A wrong old password is no wrong token: the caller stays logged in."""
    async with serving(tmp_path) as api:
        await signed_up(api)
        await api.http.post("/api/users", json=USER)
        mine = await logged_in(api)
        answer = await change(api, mine, **body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert NEW not in answer.text
        assert await statuses(api, mine) == [200]
        assert api.bus.sent_signals == []


async def test_a_log_in_with_the_old_password_during_the_change_opens_nothing(tmp_path, monkeypatch):
    """Neither a token nor a session of a page outlives the change, wherever it comes."""
    async with serving(tmp_path) as api:
        admin = await signed_up(api)
        member = (await api.http.post("/api/users", json=USER)).json()
        for verb, password in (("user_by_email", NEW), ("add_session", "a loud password"), ("user", NEW)):
            mine = await logged_in(api)
            old = USER["password"]
            real = getattr(api.store, verb)

            async def read_before(*args: object, real=real, mine=mine, old=old, password=password) -> object:
                found = await real(*args)
                monkeypatch.undo()
                assert (await change(api, mine, oldPassword=old, newPassword=password)).status_code == 200
                return found

            monkeypatch.setattr(api.store, verb, read_before)
            answer = await api.http.post("/api/auth/login", json=LOGIN | {"session": True})
            token = answer.json().get("token", "none")
            assert await statuses(api, {"Authorization": f"Bearer {token}"}) == [401], verb
            assert await api.store.sessions(admin["organizationId"], member["id"]) == [], verb
            link = (await api.http.post(f"/api/users/{member['id']}/password-reset")).json()["token"]
            body = {"token": link, "password": old}
            assert (await api.http.post("/api/auth/password-reset", json=body)).status_code == 204


async def test_of_two_changes_at_once_one_token_at_least_is_good(tmp_path):
    """And the password is one of both."""
    async with serving(tmp_path) as api:
        await signed_up(api)
        await api.http.post("/api/users", json=USER)
        mine, answers = await logged_in(api), []

        async def one(password: str) -> None:
            answers.append((await change(api, mine, newPassword=password)).status_code)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one, NEW)
            tasks.start_soon(one, NEW + " 2")
        assert 200 in answers
        logins = [
            (await api.http.post("/api/auth/login", json=LOGIN | {"password": p})).status_code
            for p in (NEW, NEW + " 2")
        ]
        assert sorted(logins) == [200, 401]


async def test_who_has_no_account_here_has_no_password(tmp_path):
    """A 404 to a token of a user whom the store does not know, a 403 where a provider keeps the accounts."""
    async with serving(tmp_path) as api:
        answer = await api.call("PUT", "/api/auth/password", json=CHANGE)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    with IdentityProvider() as provider:
        async with serving(tmp_path, JWKS_URL=provider.url) as api:
            headers = {"Authorization": f"Bearer {provider.token()}"}
            assert (await change(api, headers)).status_code == 403
