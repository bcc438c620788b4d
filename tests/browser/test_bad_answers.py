"""What the page says where something in between answers, or the api fails, and that it goes on."""

import secrets
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.person import Person

HTML = {"content_type": "text/html", "body": "<h1>Please pay for the WLAN</h1>"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param({"status": 500, **HTML}, "SERVER_ERROR", id="500"),
        pytest.param({"status": 200, **HTML}, "NOT_JSON", id="html"),
        pytest.param({"status": 200, "body": ""}, "NO_CONTENT", id="nothing"),
        pytest.param({"status": 200, "content_type": "application/json", "body": '{"exec'}, "NOT_JSON", id="cut"),
        pytest.param({"status": 400, "json": {"error": "bad", "code": "INVALID_QUERY"}}, "INVALID_QUERY", id="problem"),
        pytest.param(None, "UNREACHABLE", id="no answer"),
    ],
)
def test_a_list_that_cannot_be_read_says_why_and_can_be_tried_again(
    ada: Person, answer: dict[str, object] | None, code: str
):
    def respond(route: Route) -> None:
        if answer is None:
            route.abort()
        else:
            route.fulfill(**answer)  # type: ignore[arg-type]

    ada.page.route("**/api/executions?*", respond)
    ada.page.route("**/api/executions", respond)
    ada.page.goto("/executions?q=nothing")
    expect(ada.page.get_by_role("alert")).to_contain_text(code, timeout=15_000)
    ada.page.unroute_all()
    ada.page.get_by_role("button", name="Try again").click()
    expect(ada.page.get_by_role("heading", name="Nothing matches")).to_be_visible()


def test_nonsense_in_the_url_is_ignored(ada: Person):
    """Whatever stands there, the page shows what it can."""
    for query in ("?status[]=x&__proto__=y", "?q=%F0%9F&next=//evil", "?q=" + "x" * 200):
        ada.page.goto(f"/executions{query}")
        ada.sees_link("Live")


def test_hostile_names_are_text(people: Callable[..., Person]):
    """Of the organization and of people, which may be anything."""
    eve = people("<img src=x onerror=alert(1)>\u202eeve")
    eve.email = f"eve-{secrets.token_hex(4)}@example.com"
    eve.sign_up()
    expect(eve.page.locator(".header-name")).to_contain_text("<img src=x")
    eve.page.get_by_role("button", name="Account of <img").click()
    expect(eve.page.get_by_role("menu")).to_be_visible()
    assert eve.page.locator("img").count() == 0
