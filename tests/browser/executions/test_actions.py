"""What is done to executions from the list: by menus and keys, with questions, reasons and another try."""

import re
from collections.abc import Callable

from playwright.sync_api import Route, expect

from tests.browser.executions.rows import ended, leave, menu, row, running, shown
from tests.browser.person import PASSWORD, Person


def test_cancel_says_so_at_once_and_until_it_has_ended(ada: Person):
    """Also where what runs takes its time to end."""
    page = ada.page
    task_id = ada.run("trap 'sleep 1; exit 0' TERM; sleep 30 & wait")
    expect(row(page, task_id)).to_contain_text("Running")
    menu(page, task_id, "Cancel").click()
    expect(row(page, task_id)).to_contain_text("Cancelling")
    expect(row(page, task_id)).to_contain_text("Cancelled", timeout=20_000)


def test_run_again_is_one_execution_however_often_its_answer_is_lost(ada: Person):
    page = ada.page
    task_id = ended(ada)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/rerun", lose)
    menu(page, task_id, "Run again").click()
    failed = page.get_by_role("status").filter(has_text="could not be run again")
    expect(failed).to_contain_text("UNREACHABLE")
    page.unroute_all()
    failed.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Requested again: local · true")).to_be_visible()
    expect(page.locator("tr[data-task]")).to_have_count(2)
    assert len(ada.call("GET", "/api/executions")["executions"]) == 2


def test_delete_asks_and_names_what_goes(ada: Person):
    page = ada.page
    task_id = ended(ada, "echo kept")
    menu(page, task_id, "Delete").click()
    question = page.get_by_role("dialog", name="Delete this execution?")
    expect(question).to_contain_text("local · echo kept")
    expect(question).to_contain_text("its output")
    expect(question.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Escape")
    expect(row(page, task_id)).to_be_visible()
    menu(page, task_id, "Delete").click()
    question.get_by_role("button", name="Delete", exact=True).click()
    expect(row(page, task_id)).to_have_count(0)
    expect(page.get_by_role("heading", name="Nothing has run yet")).to_be_visible()


def test_what_cannot_be_done_says_why(ada: Person):
    page = ada.page
    done = ended(ada)
    expect(menu(page, done, "Cancel")).to_have_attribute("title", "It has ended already")
    page.keyboard.press("Escape")
    with running(ada) as long:
        expect(menu(page, long, "Delete")).to_have_attribute("title", re.compile("cancel it first"))
        page.get_by_role("menuitem", name="Delete").click(force=True)
        expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_refusal_stays_until_it_is_dismissed_and_can_be_tried_again(ada: Person):
    page = ada.page
    task_id = ended(ada)
    problem = {"error": "the store does not answer", "code": "STORE_UNAVAILABLE"}
    page.route(f"**/api/executions/{task_id}", lambda route: route.fulfill(status=503, json=problem))
    menu(page, task_id, "Delete").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    failed = page.get_by_role("status").filter(has_text="could not be deleted")
    expect(failed).to_contain_text("STORE_UNAVAILABLE")
    expect(row(page, task_id)).to_be_visible()
    page.unroute_all()
    failed.get_by_role("button", name="Try again").click()
    expect(row(page, task_id)).to_have_count(0)
    expect(failed).to_have_count(0)


def test_by_the_keyboard_alone_each_key_asks_first(ada: Person):
    """Move, cancel, run again, delete, open, and back."""
    page = ada.page
    old = ended(ada)
    with running(ada) as long:
        leave(page)
        page.keyboard.press("c")
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.keyboard.press("ArrowDown")
        expect(row(page, long).get_by_role("link")).to_be_focused()
        page.keyboard.press("c")
        expect(page.get_by_role("dialog", name="Cancel this execution?")).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(row(page, long)).to_contain_text("Cancelled", timeout=20_000)
    page.keyboard.press("j")
    expect(row(page, old).get_by_role("link")).to_be_focused()
    page.keyboard.press("k")
    page.keyboard.press("j")
    page.keyboard.press("r")
    page.get_by_role("button", name="Run again").press("Enter")
    expect(page.get_by_text("Requested again")).to_be_visible()
    page.keyboard.press("Delete")
    page.get_by_role("button", name="Delete", exact=True).press("Enter")
    expect(row(page, old)).to_have_count(0)
    leave(page)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(rf"/executions/{shown(page)[0] if shown(page) else '[0-9a-f]+'}"))


def test_a_viewer_sees_what_developers_can_do_and_whom_to_ask(ada: Person, people: Callable[..., Person]):
    task_id = ended(ada)
    token = ada.call("POST", "/api/invitations", {"role": "viewer"})["token"]
    bob = people("Bob")
    bob.post("/api/invitations/accept", {"token": token, "email": bob.email, "name": "Bob", "password": PASSWORD})
    bob.page.goto("/login")
    bob.log_in()
    bob.sees_link("Live")
    for item in ("Cancel", "Run again", "Delete"):
        expect(menu(bob.page, task_id, item)).to_have_attribute("title", re.compile("ask .*role developer"))
        bob.page.keyboard.press("Escape")
    expect(bob.page.get_by_role("link", name="New")).to_have_attribute("aria-disabled", "true")
    bob.page.keyboard.press("n")
    expect(bob.page).to_have_url(f"{bob.url}/executions")
    bob.page.goto("/executions/new?image=alpine:3")
    expect(bob.page.get_by_role("button", name="Run", exact=True)).to_have_attribute("title", re.compile("developer"))
