"""The organization's settings, and one's own account, in Chromium."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.people.test_people import joined
from tests.browser.person import Person
from tests.parts.browser.axe import assert_usable


def test_the_name_and_limits_change_within_the_installations_bounds(ada: Person):
    """The header has the new name at once; what is above a bound is not sent, or refused with the reason."""
    page = ada.page
    page.keyboard.press("g")
    page.keyboard.press("s")
    expect(page).to_have_url(f"{ada.url}/settings/account")
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Organization").click()
    bound = ada.call("GET", "/api/config")["limits"]["concurrency"]
    limit = page.get_by_label("Executions at once")
    expect(page.get_by_text(f"The installation allows {bound}")).to_be_visible()
    assert_usable(page)
    page.get_by_label("Name", exact=True).fill("<i>Acme</i> \u202e2")
    limit.fill("1")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".header-name")).to_contain_text("<i>Acme</i> \u202e2")
    assert ada.call("GET", "/api/organization")["organization"]["concurrencyLimit"] == 1
    limit.fill(str(bound + 1))
    page.get_by_role("button", name="Save").click()
    assert limit.evaluate("field => field.validity.rangeOverflow")
    limit.evaluate("field => field.removeAttribute('max')")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("ABOVE_INSTALLATION")
    limit.fill("")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    assert "concurrencyLimit" not in ada.call("GET", "/api/organization")["organization"]


def test_two_admins_do_not_undo_each_others_changes(ada: Person):
    page = ada.page
    page.goto("/settings/organization")
    page.get_by_label("Executions at once").fill("2")
    ada.call("PATCH", "/api/organization", {"timeoutLimitSeconds": 60})
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    settings = ada.call("GET", "/api/organization")["organization"]
    assert (settings["concurrencyLimit"], settings["timeoutLimitSeconds"]) == (2, 60)


def test_who_is_no_admin_reads_the_settings(ada: Person, people: Callable[..., Person]):
    bob = joined(ada, people)
    bob.page.goto("/settings/organization")
    expect(bob.page.get_by_label("Name", exact=True)).to_have_value(ada.organization)
    expect(bob.page.get_by_label("Name", exact=True)).not_to_be_editable()
    expect(bob.page.get_by_text("ask an admin for the role admin")).to_be_visible()
    expect(bob.page.get_by_role("button", name="Save")).to_have_count(0)


def logged_in_elsewhere(person: Person, people: Callable[..., Person]) -> Person:
    """The same person in another browser."""
    elsewhere = people("Elsewhere")
    elsewhere.email = person.email
    elsewhere.page.goto("/login")
    elsewhere.log_in()
    elsewhere.sees_link("Live")
    return elsewhere


def test_another_session_is_ended_and_this_one_is_marked(ada: Person, people: Callable[..., Person]):
    elsewhere = logged_in_elsewhere(ada, people)
    page = ada.page
    page.goto("/settings/account")
    sessions = page.get_by_role("table", name="Sessions")
    expect(sessions.locator("tbody tr")).to_have_count(2)
    expect(sessions.locator("[data-current=true]")).to_contain_text("(this one)")
    expect(sessions.locator("[data-current=true]")).to_contain_text("Chrome on Linux")
    assert_usable(page)
    sessions.get_by_role("button", name="End the session").click()
    expect(elsewhere.page).to_have_url(re.compile("/login"))
    expect(sessions.locator("tbody tr")).to_have_count(1)
    ada.sees_link("Live")


def test_log_out_everywhere_reaches_every_page(ada: Person, people: Callable[..., Person]):
    elsewhere = logged_in_elsewhere(ada, people)
    other = ada.tab()
    other.goto("/people")
    ada.page.goto("/settings/account")
    ada.page.get_by_role("button", name="Log out everywhere").click()
    ada.page.get_by_role("dialog").get_by_role("button", name="Log out everywhere").click()
    for page in (ada.page, other, elsewhere.page):
        expect(page).to_have_url(re.compile("/login"))


def test_a_password_is_changed_by_its_rules_and_other_sessions_end(ada: Person, people: Callable[..., Person]):
    """This page goes on, its session renewed; the messages are the api's own."""
    elsewhere = logged_in_elsewhere(ada, people)
    page = ada.page
    page.goto("/settings/account")
    old, new = page.get_by_label("Password until now"), page.get_by_label("New password")
    change = page.get_by_role("button", name="Change password")
    for before, after, code in (
        ("not the password", "another 31 meadow of lamps", "WRONG_PASSWORD"),
        ("quiet meadow 29 lamps", "password123456", "WEAK_PASSWORD"),
        ("quiet meadow 29 lamps", f"{ada.email}1", "WEAK_PASSWORD"),
    ):
        old.fill(before)
        new.fill(after)
        change.click()
        expect(page.get_by_role("alert")).to_contain_text(code)
    old.fill("quiet meadow 29 lamps")
    new.fill("another 31 meadow of lamps")
    change.click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    expect(old).to_have_value("")
    expect(elsewhere.page).to_have_url(re.compile("/login"))
    ada.sees_link("Live")
    page.reload()
    ada.sees_link("Live")
    elsewhere.log_in("another 31 meadow of lamps")
    elsewhere.sees_link("Live")


def test_preferences_hold_at_once_and_in_other_tabs(ada: Person):
    page = ada.page
    other = ada.tab()
    other.goto("/settings/account")
    page.goto("/settings/account")
    page.get_by_label("Theme").select_option("dark")
    page.get_by_label("Size of output").select_option("18")
    page.get_by_label("Single keys do something").uncheck()
    for each in (page, other):
        expect(each.locator("html")).to_have_attribute("data-theme", "dark")
        expect(each.get_by_label("Size of output")).to_have_value("18")
        expect(each.get_by_label("Single keys do something")).not_to_be_checked()
    page.locator("h1").click()
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page).to_have_url(f"{ada.url}/settings/account")
    page.get_by_label("Single keys do something").check()
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page).to_have_url(f"{ada.url}/executions")
    page.goto("/settings/nonsense")
    expect(page.get_by_role("heading")).to_be_visible()
