"""Two organizations side by side never see each other's."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.person import Person


def test_each_sees_its_own_live_and_nothing_of_the_other(people: Callable[..., Person], ada: Person):
    """Also where one knows the other's URL."""
    bob = people("Bob")
    bob.sign_up()
    of_ada, of_bob = ada.run("sleep 0.5", "image-of-ada"), bob.run("true", "image-of-bob")
    for person, own, others in ((ada, of_ada, "image-of-bob"), (bob, of_bob, "image-of-ada")):
        expect(person.page.locator(f"[data-task='{own}']")).to_contain_text(re.compile("Passed|Failed|Error"))
        expect(person.page.locator("tr[data-task]")).to_have_count(1)
        expect(person.page.get_by_text(others)).to_have_count(0)
    bob.page.goto(f"/executions/{of_ada}")
    expect(bob.page.get_by_role("heading", name="No such execution")).to_be_visible()
    expect(bob.page.get_by_text("image-of-ada")).to_have_count(0)


def test_who_logs_in_as_another_in_one_tab_sees_nothing_of_before_in_any(people: Callable[..., Person], ada: Person):
    """One browser has one session: its tabs show whose it is now."""
    bob = people("Bob")
    bob.sign_up()
    bob.run("true", "image-of-bob")
    task_id = ada.run("true", "image-of-ada")
    expect(ada.page.get_by_text("image-of-ada")).to_be_visible()
    second = ada.tab()
    second.goto(f"/executions/{task_id}")
    expect(second.get_by_role("heading", name="image-of-ada")).to_be_visible()
    second.evaluate(
        """body => fetch("/api/auth/login", {method: "POST", body: JSON.stringify(body)}).then(answer => answer.json())
        .then(session => new BroadcastChannel("runcast session").postMessage({session}))""",
        {"email": bob.email, "password": "quiet meadow 29 lamps", "session": True},
    )
    for page in (ada.page, second):
        expect(page.locator(".header-name")).to_contain_text(bob.organization)
        expect(page.get_by_text("image-of-ada")).to_have_count(0)
    expect(ada.page.get_by_text("image-of-bob")).to_be_visible()
    ada.sees_link("Live")
