"""How one comes in and goes out, in Chromium, against a real `runcast up`."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.person import PASSWORD, Person


def test_who_signs_up_is_in_and_stays_in_over_a_reload(ada: Person):
    """The token was in memory only: the cookie has brought another."""
    expect(ada.page).to_have_url(re.compile(r"/executions$"))
    expect(ada.page.get_by_text("Nothing has run yet")).to_be_visible()
    ada.page.reload()
    ada.sees_link("Live")
    expect(ada.page.locator(".header-name")).to_contain_text(ada.organization)
    assert ada.page.evaluate("Object.values({...localStorage, ...sessionStorage}).join()").count("eyJ") == 0
    assert ada.page.evaluate("document.cookie") == ""


def test_a_log_out_reaches_both_tabs_and_a_log_in_too(ada: Person):
    """A tab that is logged out has closed its socket and forgotten what it showed."""
    ada.run("true")
    row = "tr[data-task]"
    expect(ada.page.locator(row)).to_have_count(1)
    other = ada.tab()
    other.goto("/executions")
    expect(other.locator(row)).to_have_count(1)
    ada.log_out()
    for page in (ada.page, other):
        expect(page).to_have_url(re.compile(r"/login"))
        expect(page.locator(row)).to_have_count(0)
    other.go_back()
    expect(other).to_have_url(re.compile(r"/login|about:blank"))
    other.goto("/login")
    ada.log_in(page=other)
    ada.sees_link("Live", other)
    ada.sees_link("Live")
    expect(ada.page.locator(row)).to_have_count(1)


def test_a_wrong_password_is_said_and_the_address_stays(ada: Person):
    ada.log_out()
    ada.log_in("not the password")
    expect(ada.page.get_by_role("alert")).to_contain_text("INVALID_CREDENTIALS")
    expect(ada.page.get_by_label("E-mail")).to_have_value(ada.email)
    ada.log_in(PASSWORD)
    ada.sees_link("Live")


def test_a_log_in_leads_back_to_what_was_asked_for_and_nowhere_else(people: Callable[..., Person], ada: Person):
    """With its query and its fragment."""
    ada.log_out()
    expect(ada.page).to_have_url(re.compile(r"/login"))
    ada.page.goto("/executions?status=FAILED,ERROR&q=123#L120-L140")
    expect(ada.page).to_have_url(re.compile(r"/login\?next="))
    ada.log_in()
    expect(ada.page).to_have_url(f"{ada.url}/executions?status=FAILED,ERROR&q=123#L120-L140")
    ada.log_out()
    for evil in ("//evil.example/", "https://evil.example", "/\\evil.example", "/.//evil.example"):
        ada.page.goto(f"/login?next={evil}")
        ada.log_in()
        expect(ada.page).to_have_url(f"{ada.url}/executions")
        ada.log_out()
        expect(ada.page).to_have_url(re.compile(r"/login"))


def test_who_is_invited_joins_with_an_account_of_their_own(people: Callable[..., Person], ada: Person):
    """The link is good once."""
    link = ada.call("POST", "/api/invitations", {"role": "developer"})["path"]
    bob = people("Bob")
    bob.page.goto(link)
    bob.page.get_by_label("Your name").fill(bob.name)
    bob.page.get_by_label("E-mail").fill(bob.email)
    bob.page.get_by_label("Password").fill(PASSWORD)
    bob.page.get_by_role("button", name="Join").click()
    bob.sees_link("Live")
    expect(bob.page.locator(".header-name")).to_contain_text(ada.organization)
    late = people("Eve")
    late.page.goto(link)
    late.page.get_by_label("Your name").fill("Eve")
    late.page.get_by_label("E-mail").fill(late.email)
    late.page.get_by_label("Password").fill(PASSWORD)
    late.page.get_by_role("button", name="Join").click()
    expect(late.page.get_by_role("alert")).to_contain_text("LINK_UNUSABLE")


def test_a_reset_link_sets_a_password_and_ends_what_was(people: Callable[..., Person], ada: Person):
    link = ada.call("POST", "/api/invitations", {"role": "viewer"})["token"]
    bob = people("Bob")
    body = {"token": link, "email": bob.email, "name": "Bob", "password": PASSWORD}
    user = ada.call("POST", "/api/invitations/accept", body)["user"]
    reset = ada.call("POST", f"/api/users/{user['id']}/password-reset")["path"]
    bob.page.goto(reset)
    bob.page.get_by_label("New password").fill("1234567890")
    bob.page.get_by_role("button", name="Set password").click()
    expect(bob.page.get_by_role("alert")).to_contain_text("WEAK_PASSWORD")
    bob.page.get_by_label("New password").fill("another meadow 31 lamps")
    bob.page.get_by_role("button", name="Set password").click()
    bob.page.get_by_role("link", name="Log in").click()
    bob.log_in("another meadow 31 lamps")
    bob.sees_link("Live")


def test_what_is_no_page_says_so(ada: Person):
    ada.page.goto("/nowhere/at/all")
    expect(ada.page.get_by_role("heading", name="There is no such page")).to_be_visible()
    ada.page.get_by_role("link", name="the executions").click()
    ada.sees_link("Live")


def test_a_cut_link_says_so(people: Callable[..., Person]):
    eve = people("Eve")
    for path in ("/invitation", "/password-reset#rci_wrong"):
        eve.page.goto(path)
        expect(eve.page.get_by_role("alert")).to_contain_text("cut off")
