"""A page's session over its cookie: kept going, lost, stolen, used twice, and ended."""

from typing import Any

import anyio
import pytest

from runcast_api.accounts.pages import refresh as refreshing
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import StoreUnavailable
from tests.parts.api import ACCOUNT, LOGIN, USER, Installation, serving, signed_up
from tests.parts.identity_provider import IdentityProvider
from tests.parts.page import HEADERS, NAME, Page

OWNER = {"email": ACCOUNT["email"], "password": ACCOUNT["password"]}


async def opened(api: Installation) -> Page:
    """Return a page of a member of an organization whose admin calls from then on."""
    await signed_up(api)
    await api.http.post("/api/users", json=USER)
    page = Page(api.http)
    assert (await page.log_in(**LOGIN)).status_code == 200
    return page


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(refreshing, "now_ms", lambda: now_ms() + round(seconds * 1000))


async def is_ended(api: Installation, page: Page) -> bool:
    """Tell whether the session is gone, and its tokens with it."""
    return await api.store.session(page.session_id) is None


async def test_a_log_in_with_a_session_sets_a_cookie_that_scripts_never_see(tmp_path):
    """For its path, 30 days, this site and TLS alone; the token is good for 15 minutes. Without it nothing is set."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        cookie = page.set_cookie
        assert cookie is not None
        named = ("httponly", "secure", "samesite", "path", "max-age", "domain", "expires")
        assert [cookie[name] for name in named] == [True, True, "strict", "/api/auth", "2592000", "", ""]
        claims = await api.app.state.verifier.verify(page.token)
        assert claims.session_id == page.session_id
        assert 898 <= claims.expires_at - now_ms() / 1000 <= 900
        plain = await api.http.post("/api/auth/login", json=LOGIN)
        assert "set-cookie" not in plain.headers
        assert set(plain.json()) == {"token", "expiresAt", "user", "organization"}
        assert len(await api.store.sessions(claims.organization_id, claims.user_id)) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.0.0.9"])
async def test_on_loopback_the_cookie_needs_no_tls(tmp_path, host):
    """Nor the prefix, with which a browser would not take it."""
    async with serving(tmp_path, RUNCAST_HOST=host) as api:
        answer = await api.http.post("/api/auth/signup", json=ACCOUNT | {"session": True})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("runcast_session=")
        assert "secure" not in cookie.lower()
        value = cookie.partition(";")[0]
        assert (await api.http.post("/api/auth/refresh", headers=HEADERS | {"Cookie": value})).status_code == 200


async def test_every_way_in_opens_a_session_if_asked(tmp_path):
    """Signing up and accepting an invitation as well; `session` is true or false and nothing else."""
    async with serving(tmp_path) as api:
        body = {"email": "c@example.com", "name": "C", "password": "a quiet password"}
        signup = await api.http.post("/api/auth/signup", json=ACCOUNT | {"session": True})
        api.http.headers["Authorization"] = f"Bearer {signup.json()['token']}"
        token = (await api.http.post("/api/invitations", json={"role": "viewer"})).json()["token"]
        accepted = await api.http.post("/api/invitations/accept", json=body | {"token": token, "session": True})
        for answer in (signup, accepted):
            assert answer.status_code == 201
            cookie = answer.headers["set-cookie"].partition(";")[0].partition("=")[2]
            assert (await Page(api.http, cookie).refresh()).json()["user"] == answer.json()["user"]
        for wrong in ("true", 1, None, "s3cret"):
            answer = await api.http.post("/api/auth/login", json=OWNER | {"session": wrong})
            assert (answer.status_code, answer.json()["details"][0]["field"]) == (400, "session")


async def test_each_refresh_gives_a_token_and_another_cookie(tmp_path):
    """As long as the page goes on; each token is good, says whose session it is, and nothing of the cookie."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        seen = {page.cookie}
        first = await api.store.session(page.session_id)
        for _ in range(5):
            answer = await page.refresh()
            assert (answer.status_code, set(answer.json())) == (200, {"token", "expiresAt", "user", "organization"})
            assert answer.headers["cache-control"] == "no-store"
            assert page.cookie not in seen
            assert page.cookie.partition(".")[2] not in answer.text
            seen.add(page.cookie)
            assert await page.me() == 200
        last = await api.store.session(page.session_id)
        assert first is not None
        assert last is not None
        assert last.expires_at >= first.expires_at
        assert last.last_used_at >= first.last_used_at
        assert page.cookie.partition(".")[2] not in str(last)
        claims = await api.app.state.verifier.verify(page.token)
        assert claims.session_id == page.session_id


async def test_two_tabs_that_refresh_at_once_go_on_with_one_cookie(tmp_path):
    """However many; and the next refresh of each works."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        tabs = [page.again() for _ in range(8)]
        async with anyio.create_task_group() as tasks:
            for tab in tabs:
                tasks.start_soon(tab.refresh)
        assert len({tab.cookie for tab in tabs}) == 1
        assert tabs[0].cookie not in (None, page.cookie)
        assert [await tab.me() for tab in tabs] == [200] * 8
        assert (await tabs[3].refresh()).status_code == 200


async def test_who_lost_the_answer_asks_again(tmp_path, monkeypatch):
    """With the cookie before, within half a minute, and gets what was lost; after it the session has ended."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        lost = page.again()
        await lost.refresh()
        later(monkeypatch, 29)
        tab = page.again()
        assert (await tab.refresh()).status_code == 200
        assert tab.cookie == lost.cookie
        later(monkeypatch, 31)
        answer = await page.refresh()
        assert (answer.status_code, answer.json()["code"], page.cookie) == (401, "SESSION_ENDED", None)
        assert await is_ended(api, lost)
        assert await lost.me() == 401


async def test_a_stolen_cookie_ends_the_session_of_both(tmp_path, monkeypatch):
    """Whoever of the two comes later with an older one, however many refreshes ago it was."""
    async with serving(tmp_path) as api:
        await opened(api)
        for steps in (1, 2, 40):
            page = await opened_again(api)
            thief = page.again()
            for _ in range(steps):
                assert (await thief.refresh()).status_code == 200
            later(monkeypatch, 31)
            assert (await page.refresh()).json()["code"] == "SESSION_ENDED"
            assert (await thief.refresh()).json()["code"] == "SESSION_ENDED"
            assert (await thief.me(), thief.cookie) == (401, None)
            monkeypatch.undo()


async def opened_again(api: Installation) -> Page:
    page = Page(api.http)
    await page.log_in(**LOGIN)
    return page


async def test_an_older_cookie_ends_the_session_at_once(tmp_path):
    """Two refreshes back it is in nobody's honest hands, within half a minute too."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        thief = page.again()
        await thief.refresh()
        await thief.refresh()
        assert (await page.refresh()).status_code == 401
        assert await is_ended(api, thief)


@pytest.mark.parametrize("secret", [f"{'x' * 43}.{'x' * 22}", f"{'0' * 43}.{'0' * 22}"])
async def test_what_was_never_a_cookie_of_the_session_ends_nothing(tmp_path, secret):
    """Who knows a session's id, which is in every token, cannot end it."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        await page.refresh()
        for stranger in (Page(api.http, f"{page.session_id}.{secret}"), Page(api.http, f"{'0' * 24}.{secret}")):
            cookie = stranger.cookie
            for call in (stranger.refresh, stranger.log_out):
                stranger.cookie = cookie
                answer = await call()
                assert (answer.status_code, answer.json()["code"]) == (401, "SESSION_ENDED")
        assert (await page.refresh()).status_code == 200


ID, SECRET = "0" * 24, f"{'x' * 43}.{'x' * 22}"


@pytest.mark.parametrize(
    "cookie",
    [
        *("", ".", "x", "x.y", ID, f"{ID}.", f"{ID}.{SECRET[1:]}", f"{ID}.{SECRET}x", f'"{ID}.{SECRET}"'),
        *(f"{ID}.{SECRET}.y", f"{ID}.{'=' * 43}", f"{ID[1:]}x.{SECRET}", "x" * 10_000, "\u00fc"),
    ],
)
async def test_what_is_no_cookie_of_ours_is_told_apart(tmp_path, cookie):
    """A 400 that says what to do, and the browser forgets it."""
    async with serving(tmp_path) as api:
        for method, path in (("POST", "/api/auth/refresh"), ("DELETE", "/api/auth/session")):
            headers = HEADERS | {"Cookie": f"{NAME}={cookie}".encode()}
            answer = await api.http.request(method, path, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_COOKIE")
            assert "Max-Age=0" in answer.headers["set-cookie"]
            assert "x" * 42 not in answer.text


async def test_several_cookies_are_none(tmp_path):
    """One may be another host's of this domain, and nobody can tell which: in one header or in two."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        own = f"{NAME}={page.cookie}"
        headers = list(HEADERS.items())
        for cookies in ([f"{own}; {own}"], [own, f"{NAME}=x"]):
            lines = [*headers, *(("Cookie", cookie) for cookie in cookies)]
            answer = await api.http.post("/api/auth/refresh", headers=lines)
            assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_COOKIE")
        assert (await page.refresh()).status_code == 200


async def test_without_a_cookie_there_is_no_session(tmp_path):
    """Another name, such as the one without the prefix, is none."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        for headers in ({}, {"Cookie": f"runcast_session={page.cookie}"}, {"Cookie": f"{NAME}x={page.cookie}"}):
            answer = await api.http.post("/api/auth/refresh", headers=HEADERS | headers)
            assert (answer.status_code, answer.json()["code"]) == (401, "SESSION_ENDED")
            assert "Max-Age=0" in answer.headers["set-cookie"]


@pytest.mark.parametrize("refreshed", [0, 1, 3])
async def test_a_log_out_ends_the_session_and_its_tokens(tmp_path, refreshed):
    """Of this page alone, at once, and the browser forgets the cookie; an older one does it, too."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        other = await opened_again(api)
        leaving, session_id = page.again(), page.session_id
        for _ in range(refreshed):
            await page.refresh()
        answer = await leaving.log_out()
        assert (answer.status_code, answer.content, leaving.cookie) == (204, b"", None)
        assert [await page.me(), await other.me()] == [401, 200]
        assert [signal.subject for signal in api.bus.sent_signals] == [f"session:{session_id}"]
        assert (await page.refresh()).status_code == 401
        assert (await other.refresh()).status_code == 200


async def whose(api: Installation, page: Page) -> tuple[str, str]:
    claims = await api.app.state.verifier.verify(page.token)
    return claims.organization_id, claims.user_id


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Runcast": "1"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "X-Runcast": "2"},
        {"Sec-Fetch-Site": "same-origin", "X-Runcast": ""},
        {"Sec-Fetch-Site": "same-site", "X-Runcast": "1"},
        {"Sec-Fetch-Site": "cross-site", "X-Runcast": "1"},
        {"Sec-Fetch-Site": "none", "X-Runcast": "1"},
        {"Sec-Fetch-Site": "cross-site", "X-Runcast": "1", "Origin": "http://api"},
        {"Origin": "http://evil.example", "X-Runcast": "1"},
        {"Origin": "http://api.evil.example", "X-Runcast": "1"},
        {"Origin": "http://api:8080", "X-Runcast": "1"},
        {"Origin": "http://evil@api", "X-Runcast": "1"},
        {"Origin": "null", "X-Runcast": "1"},
        {"Origin": "", "X-Runcast": "1"},
        {"Origin": "null", "Host": "", "X-Runcast": "1"},
        {"Origin": "http://", "Host": "", "X-Runcast": "1"},
        {"Origin": "ftp://api", "X-Runcast": "1"},
        {"Origin": "//api", "X-Runcast": "1"},
        {"Origin": "http://api/", "X-Runcast": "1"},
        {"Origin": "http://[", "X-Runcast": "1"},
        {"Origin": "http://[::1", "X-Runcast": "1"},
        {"Origin": "http://]", "X-Runcast": "1"},
        {"Origin": "http://api"},
    ],
)
async def test_only_an_own_page_uses_the_cookie(tmp_path, headers):
    """Anything else is a 403 that changes nothing: not even the cookie."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        for call in (page.refresh, page.log_out):
            answer = await call(headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
            assert "set-cookie" not in answer.headers
        assert (await page.refresh()).status_code == 200


@pytest.mark.parametrize("origin", ["http://api", "https://api", "https://API"])
async def test_a_browser_that_says_no_site_says_its_origin(tmp_path, origin):
    """Behind TLS that a proxy ends, too."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        headers = {"Origin": origin, "X-Runcast": "1"}
        assert (await page.refresh(headers)).status_code == 200
        assert (await page.log_out(headers)).status_code == 204


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "none"}, {"Origin": "http://x"}]
)
async def test_another_sites_page_opens_no_session_here(tmp_path, headers):
    """It could log somebody in under another's name; a token alone it may ask for, as before."""
    async with serving(tmp_path) as api:
        await signed_up(api)
        answer = await api.http.post("/api/auth/login", json=OWNER | {"session": True}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
        assert (await api.http.post("/api/auth/login", json=OWNER, headers=headers)).status_code == 200


async def test_no_other_origin_is_ever_allowed_credentials(tmp_path):
    """Whatever the origins are set to: a browser then sends no cookie across origins, and shows no answer."""
    for origins in ("*", "https://dash.example", "loopback"):
        async with serving(tmp_path, RUNCAST_CORS_ORIGINS=origins) as api:
            for origin in ("https://dash.example", "http://localhost:3000"):
                asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
                for method, headers in (("OPTIONS", asked), ("POST", {"Origin": origin}), ("POST", HEADERS)):
                    answer = await api.http.request(method, "/api/auth/refresh", headers=headers)
                    assert "access-control-allow-credentials" not in answer.headers


async def test_a_new_role_comes_with_the_next_refresh(tmp_path):
    """The token with the old one is refused at once; the session goes on."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        _, user_id = await whose(api, page)
        assert (await api.http.patch(f"/api/users/{user_id}", json={"role": "viewer"})).status_code == 200
        assert await page.me() == 401
        answer = await page.refresh()
        assert (answer.status_code, answer.json()["user"]["role"]) == (200, "viewer")
        assert (await api.app.state.verifier.verify(page.token)).role is Role.VIEWER
        assert await page.me() == 200


@pytest.mark.parametrize("end", ["removed", "logged out", "everywhere", "reset", "one", "deleted"])
async def test_what_ends_a_user_ends_the_page(tmp_path, end):
    """The next refresh is a 401, the cookie is forgotten, and no token is left good."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        await page.refresh()
        organization_id, user_id = await whose(api, page)
        if end == "removed":
            await api.http.delete(f"/api/users/{user_id}")
        elif end == "logged out":
            await api.http.delete(f"/api/users/{user_id}/sessions")
        elif end == "everywhere":
            await api.http.delete("/api/auth/sessions", headers=page.bearer)
        elif end == "one":
            await api.http.delete(f"/api/auth/sessions/{page.session_id}", headers=page.bearer)
        elif end == "reset":
            token = (await api.http.post(f"/api/users/{user_id}/password-reset")).json()["token"]
            await api.http.post("/api/auth/password-reset", json={"token": token, "password": "a quiet password"})
        else:
            await api.store.delete_organization(organization_id)
        assert await page.me() == 401
        answer = await page.refresh()
        code = "ORGANIZATION_DELETED" if end == "deleted" else "SESSION_ENDED"
        assert (answer.status_code, answer.json()["code"], page.cookie) == (401, code, None)


@pytest.mark.parametrize("verb", ["session", "standing", "user", "organization", "rotate_session"])
@pytest.mark.parametrize("end", ["role", "removed", "one"])
async def test_a_refresh_during_the_end_gives_nothing_that_lasts(tmp_path, monkeypatch, verb, end):
    """Wherever the end, or the other role, comes between what a refresh does, and however long it takes from there."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        organization_id, user_id = await whose(api, page)
        admin = dict(api.http.headers)
        real = getattr(api.store, verb)

        async def before(*args: Any, **named: Any) -> Any:
            found = await real(*args, **named)
            monkeypatch.undo()
            monkeypatch.setattr("runcast_core.access.tokens.now_ms", lambda: now_ms() + 20_000)
            if end == "role":
                done = await api.http.patch(f"/api/users/{user_id}", json={"role": "viewer"}, headers=admin)
            elif end == "removed":
                done = await api.http.delete(f"/api/users/{user_id}", headers=admin)
            else:
                done = await api.http.delete(f"/api/auth/sessions/{page.session_id}", headers=page.bearer)
            assert done.is_success
            return found

        monkeypatch.setattr(api.store, verb, before)
        tab = page.again()
        await tab.refresh()
        if tab.token and await tab.me() == 200:
            assert end == "role"
            assert (await api.app.state.verifier.verify(tab.token)).role is Role.VIEWER
        assert [s.user_id for s in await api.store.sessions(organization_id, user_id)] == (
            [user_id] if end == "role" else []
        )


async def test_a_store_that_does_not_answer_ends_nothing(tmp_path, monkeypatch):
    """A 503, and the cookie stays what it is."""
    async with serving(tmp_path) as api:
        page = await opened(api)
        before = page.cookie

        async def down(*_: Any, **__: Any) -> None:
            raise StoreUnavailable("the store does not answer")

        for verb in ("session", "standing", "user", "rotate_session"):
            monkeypatch.setattr(api.store, verb, down)
            answer = await page.refresh()
            assert (answer.status_code, page.cookie) == (503, before)
            monkeypatch.undo()
        assert (await page.refresh()).status_code == 200


async def test_an_expired_session_is_over(tmp_path, monkeypatch):
    """After 30 days without a refresh."""
    async with serving(tmp_path) as api:
        monkeypatch.setattr("runcast_api.accounts.pages.opening.LIFETIME_S", -1)
        page = await opened(api)
        assert (await page.refresh()).json()["code"] == "SESSION_ENDED"


async def test_an_identity_provider_has_its_own_sessions(tmp_path):
    """With JWKS_URL there are none here."""
    with IdentityProvider() as provider:
        headers = HEADERS | {"Authorization": f"Bearer {provider.token(role='admin')}"}
        async with serving(tmp_path, JWKS_URL=provider.url) as api:
            calls = [("POST", "/api/auth/refresh"), ("DELETE", "/api/auth/session"), ("GET", "/api/auth/sessions")]
            for method, path in (*calls, ("GET", "/api/auth/sessions/x"), ("DELETE", "/api/auth/sessions/x")):
                answer = await api.http.request(method, path, headers=headers)
                assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN"), path
