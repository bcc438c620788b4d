"""One's own sessions of pages: seen, and ended one by one."""

import pytest

from runcast_core.model.credentials import secret_hash
from tests.parts.api import LOGIN, USER, Installation, serving, signed_up
from tests.parts.page import Page


async def with_pages(api: Installation, number: int = 2) -> list[Page]:
    await signed_up(api)
    await api.http.post("/api/users", json=USER)
    pages = [Page(api.http) for _ in range(number)]
    for page in pages:
        await page.log_in(**LOGIN)
    return pages


async def test_ones_own_sessions_are_listed_the_last_used_first(tmp_path):
    """The one that asks is marked, and nothing is told of any cookie; a bearer token has no session."""
    async with serving(tmp_path) as api:
        api.http.headers["User-Agent"] = "Mozilla/5.0 (X11)"
        first, second = await with_pages(api)
        await first.refresh()
        listed = await api.http.get("/api/auth/sessions", headers=first.bearer)
        sessions = listed.json()["sessions"]
        assert [(s["id"], s.get("current")) for s in sessions] == [(first.session_id, True), (second.session_id, None)]
        assert all(set(s) - {"current"} == {"id", "createdAt", "lastUsedAt", "expiresAt", "agent"} for s in sessions)
        assert {session["agent"] for session in sessions} == {"Mozilla/5.0 (X11)"}
        secret = (first.cookie or "").partition(".")[2]
        assert secret not in listed.text
        assert secret_hash(secret) not in listed.text
        one = await api.http.get(f"/api/auth/sessions/{second.session_id}", headers=first.bearer)
        assert one.json() == sessions[1]
        plain = (await api.http.post("/api/auth/login", json=LOGIN)).json()["token"]
        listed = await api.http.get("/api/auth/sessions", headers={"Authorization": f"Bearer {plain}"})
        assert [session.get("current") for session in listed.json()["sessions"]] == [None, None]
        assert (await api.http.get("/api/auth/sessions")).json() == {"sessions": []}


@pytest.mark.parametrize(
    ("sent", "shown"),
    [(b"x" * 300, "x" * 256), (b"a\tb\x1b[31mc", "ab[31mc"), (b"\xc3\xbc", "\u00c3\u00bc"), (b"", "")],
)
async def test_what_a_browser_calls_itself_is_bounded_and_printable(tmp_path, sent, shown):
    """Whatever was sent."""
    async with serving(tmp_path) as api:
        await with_pages(api, 0)
        headers = [(b"User-Agent", sent)]
        token = (await api.http.post("/api/auth/login", json=LOGIN | {"session": True}, headers=headers)).json()[
            "token"
        ]
        listed = await api.http.get("/api/auth/sessions", headers={"Authorization": f"Bearer {token}"})
        assert listed.json()["sessions"][0]["agent"] == shown


async def test_a_session_is_ended_by_whose_it_is(tmp_path):
    """At once, and no other; another user's, and one that ended, is not found."""
    async with serving(tmp_path) as api:
        first, second = await with_pages(api)
        path = f"/api/auth/sessions/{second.session_id}"
        for method in ("GET", "DELETE"):
            answer = await api.http.request(method, path)
            assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
        assert (await api.http.delete(path, headers=first.bearer)).status_code == 204
        assert (await api.http.delete(path, headers=first.bearer)).status_code == 404
        assert [await first.me(), await second.me()] == [200, 401]
        assert [signal.subject for signal in api.bus.sent_signals] == [f"session:{second.session_id}"]
        assert (await second.refresh()).status_code == 401
        assert (await first.refresh()).status_code == 200
