"""What is running goes on being watched while the session, the role, or the execution itself changes."""

import re
from collections.abc import Callable

import httpx
from playwright.sync_api import Route, expect

from tests.browser.execution.at_execution import AtExecution, Talk
from tests.browser.person import PASSWORD, Person


def test_an_expired_token_costs_nothing(ada: Person, talk: Talk):
    """Each call about output is refused once."""
    spoiled: set[str] = set()

    def spoil(route: Route) -> None:
        headers = route.request.headers
        if route.request.url not in spoiled:
            headers["authorization"] = "Bearer expired.and.gone"
            spoiled.add(route.request.url)
        route.continue_(headers=headers)

    ada.page.route("**/api/executions/**", spoil)
    at = AtExecution(ada, ada.run(talk.command)).open()
    at.sees("line 1 of it")
    talk.goes_on(at)
    talk.open()
    at.is_complete()
    assert len(spoiled) > 2
    ada.sees_link("Live")


def test_who_is_logged_out_elsewhere_logs_in_and_sees_all(ada: Person, talk: Talk):
    at = AtExecution(ada, ada.run(talk.command)).open()
    at.sees("line 1 of it")
    httpx.delete(f"{ada.url}/api/auth/sessions", headers=ada.token()).raise_for_status()
    expect(ada.page).to_have_url(re.compile(r"/login\?next="))
    expect(ada.page.get_by_text("of it")).to_have_count(0)
    ada.log_in()
    expect(ada.page).to_have_url(f"{ada.url}/executions/{at.task_id}")
    talk.goes_on(at)
    talk.open()
    at.is_complete()


def test_who_becomes_a_viewer_goes_on_watching_and_may_change_nothing(
    people: Callable[..., Person], ada: Person, talk: Talk
):
    bob, user = joined(people, ada, "developer")
    at = AtExecution(bob, ada.run(talk.command)).open()
    at.sees("line 1 of it")
    cancel = bob.page.get_by_role("button", name="Cancel")
    expect(cancel).not_to_have_attribute("aria-disabled", "true")
    ada.call("PATCH", f"/api/users/{user}", {"role": "viewer"})
    expect(cancel).to_have_attribute("title", "Ask for the role developer")
    cancel.click(force=True)
    bob.page.keyboard.press("c")
    expect(bob.page.get_by_role("dialog", name="Cancel it?")).to_have_count(0)
    at.sees("of it")
    talk.goes_on(at)
    talk.open()
    at.is_complete()


def test_what_is_deleted_meanwhile_stays_and_says_so(ada: Person):
    at = AtExecution(ada, ada.run("echo kept")).open()
    at.is_complete()
    ada.call("DELETE", f"/api/executions/{at.task_id}")
    expect(ada.page.get_by_role("alert")).to_contain_text("deleted meanwhile", timeout=25_000)
    at.sees("kept")
    again = ada.page.get_by_role("button", name="Run again")
    expect(again).to_have_attribute("title", "It was deleted")
    ada.page.reload()
    expect(ada.page.get_by_role("heading", name="No such execution")).to_be_visible()


def joined(people: Callable[..., Person], ada: Person, role: str) -> tuple[Person, str]:
    """Let somebody join the organization and log in; return them, and their id."""
    token = ada.call("POST", "/api/invitations", {"role": role})["token"]
    bob = people("Bob")
    body = {"token": token, "email": bob.email, "name": "Bob", "password": PASSWORD}
    user = ada.call("POST", "/api/invitations/accept", body)["user"]
    bob.page.goto("/login")
    bob.log_in()
    bob.sees_link("Live")
    return bob, str(user["id"])
