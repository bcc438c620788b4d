"""What a page does as its session goes on and ends, in Chromium."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
from playwright.sync_api import Page, Route, WebSocket, expect

from tests.browser.person import Person
from tests.parts.conditions import wait_until


def refreshes(page: Page) -> list[str]:
    """Return what is appended to with each refresh from now on."""
    seen: list[str] = []
    page.on("request", lambda request: seen.append(request.url) if "/api/auth/refresh" in request.url else None)
    return seen


def test_an_expired_token_is_replaced_and_the_call_made_again(ada: Person):
    """Nobody notices; the api has refused the call once."""
    task_id = ada.run("true")
    seen = refreshes(ada.page)
    spoiled: list[str] = []

    def spoil(route: Route) -> None:
        headers = route.request.headers
        if not spoiled:
            headers["authorization"] = "Bearer expired.and.gone"
            spoiled.append(route.request.url)
        route.continue_(headers=headers)

    ada.page.route(f"**/api/executions/{task_id}", spoil)
    ada.page.locator(f"[data-task='{task_id}'] a").click()
    expect(ada.page.get_by_role("heading", name="local")).to_be_visible()
    assert spoiled
    assert len(seen) == 1
    ada.sees_link("Live")


def test_a_token_is_renewed_before_its_end_and_handed_to_the_socket(people: Callable[..., Person]):
    """Which stays: there is no second one. The page believes that its token lasts a minute."""
    ada = people("Ada")
    sockets: list[WebSocket] = []
    handed: list[str] = []

    def opened(socket: WebSocket) -> None:
        sockets.append(socket)
        socket.on("framesent", lambda frame: handed.append(str(frame)) if "refresh-token" in str(frame) else None)

    def shorten(route: Route) -> None:
        answer = route.fetch()
        end = datetime.now(UTC) + timedelta(minutes=1)
        route.fulfill(response=answer, json={**answer.json(), "expiresAt": end.isoformat()})

    ada.page.on("websocket", opened)
    ada.page.route("**/api/auth/signup", shorten)
    ada.sign_up()
    with ada.page.expect_response("**/api/auth/refresh") as refreshed:
        pass
    token = refreshed.value.json()["token"]
    wait_until(lambda: ada.page.evaluate("0") == 0 and any(token in frame for frame in handed))
    ada.sees_link("Live")
    assert len(sockets) == 1


def test_a_revoked_session_leads_to_the_log_in_and_back(ada: Person):
    """To the very same URL; the other tab does the same."""
    task_id = ada.run("true")
    ada.page.goto(f"/executions/{task_id}?attempt=1&view=output#L3")
    ada.sees_link("Live")
    other = ada.tab()
    other.goto("/executions?q=x")
    ada.sees_link("Live", other)
    httpx.delete(f"{ada.url}/api/auth/sessions", headers=ada.token()).raise_for_status()
    expect(ada.page).to_have_url(re.compile(r"/login\?next="))
    expect(other).to_have_url(re.compile(r"/login\?next="))
    expect(ada.page.get_by_text("Your session has ended")).to_be_visible()
    ada.log_in()
    expect(ada.page).to_have_url(f"{ada.url}/executions/{task_id}?attempt=1&view=output#L3")
    expect(other).to_have_url(f"{ada.url}/executions?q=x")
    ada.sees_link("Live")


def test_a_changed_role_is_taken_over_without_a_log_in(people: Callable[..., Person], ada: Person):
    invitation = ada.call("POST", "/api/invitations", {"role": "viewer"})["token"]
    bob = people("Bob")
    body = {"token": invitation, "email": bob.email, "name": "Bob", "password": "quiet meadow 29 lamps"}
    user = ada.call("POST", "/api/invitations/accept", body)["user"]
    bob.page.goto("/login")
    bob.log_in()
    bob.sees_link("Live")
    with bob.page.expect_response("**/api/auth/refresh"):
        ada.call("PATCH", f"/api/users/{user['id']}", {"role": "developer"})
    bob.sees_link("Live")
    bob.page.get_by_role("button", name="Account of Bob").click()
    expect(bob.page.get_by_text("developer")).to_be_visible()
    bob.sees_link("Live")


def test_an_api_that_is_away_at_first_is_asked_again_and_nobody_is_logged_out(ada: Person):
    ada.page.route("**/api/auth/refresh", lambda route: route.fulfill(status=503, body="<h1>away</h1>"))
    ada.page.reload()
    expect(ada.page.get_by_role("alert")).to_contain_text("503")
    ada.page.unroute("**/api/auth/refresh")
    ada.page.get_by_role("button", name="Try again").click()
    ada.sees_link("Live")
    expect(ada.page).to_have_url(f"{ada.url}/executions")
