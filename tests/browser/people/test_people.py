"""Members, invitations and who is here now, in Chromium."""

import json
import re
from collections.abc import Callable

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.browser.person import PASSWORD, Person
from tests.parts.browser.axe import assert_usable


def row_of(page: Page, name: str) -> Locator:
    return page.get_by_role("table", name="Members").get_by_role("row", name=name)


def choose(page: Page, name: str, item: str) -> None:
    """Open what one may do to a member, and choose from it."""
    page.get_by_role("button", name=f"Actions for {name}").click()
    page.get_by_role("menuitem", name=item).click()


def joined(ada: Person, people: Callable[..., Person], role: str = "developer", name: str = "Bob") -> Person:
    """Have somebody join by an invitation, without the page of whoever invites."""
    link = ada.call("POST", "/api/invitations", {"role": role})["path"]
    bob = people(name)
    bob.page.goto(link)
    accept(bob)
    return bob


def accept(person: Person) -> None:
    person.page.get_by_label("Your name").fill(person.name)
    person.page.get_by_label("E-mail").fill(person.email)
    person.page.get_by_label("Password").fill(PASSWORD)
    person.page.get_by_role("button", name="Join").click()
    person.sees_link("Live")


def test_a_colleague_is_invited_by_a_link_joins_and_is_seen_here(ada: Person, people: Callable[..., Person]):
    """The link is copied; it is shown once, and gone from the open ones when it was used."""
    page = ada.page
    ada.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page).to_have_url(f"{ada.url}/people")
    expect(row_of(page, "Ada (you)")).to_contain_text("Here", timeout=20_000)
    page.get_by_role("button", name="Invite", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Role")).to_be_focused()
    dialog.get_by_label("Role").select_option("viewer")
    dialog.get_by_label("For whom").fill("Bob of <b>support</b>")
    dialog.get_by_role("button", name="Make the link").click()
    expect(dialog.get_by_role("button", name="Copy link")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("status")).to_have_text("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert_usable(page)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert link not in page.content()
    invitations = page.get_by_role("table", name="Invitations")
    expect(invitations).to_contain_text("Bob of <b>support</b>")
    bob = people("Bob")
    bob.page.goto(link)
    accept(bob)
    page.reload()
    expect(row_of(page, "Bob")).to_contain_text("viewer")
    expect(row_of(page, "Bob")).to_contain_text("Here", timeout=20_000)
    expect(row_of(page, "Bob")).to_contain_text(bob.email)
    expect(page.get_by_text("None is open.")).to_be_visible()
    assert_usable(page)


def test_an_invitation_that_is_revoked_leads_nowhere(ada: Person, people: Callable[..., Person]):
    link = ada.call("POST", "/api/invitations", {"role": "viewer", "name": "Eve"})["path"]
    ada.page.goto("/people")
    ada.page.get_by_role("button", name="Revoke the invitation for Eve").click()
    expect(ada.page.get_by_text("None is open.")).to_be_visible()
    eve = people("Eve")
    eve.page.goto(link)
    eve.page.get_by_label("Your name").fill("Eve")
    eve.page.get_by_label("E-mail").fill(eve.email)
    eve.page.get_by_label("Password").fill(PASSWORD)
    eve.page.get_by_role("button", name="Join").click()
    expect(eve.page.get_by_role("alert")).to_be_visible()


def test_somebody_is_added_with_a_first_password_and_why_one_is_refused_is_said(
    ada: Person, people: Callable[..., Person]
):
    page = ada.page
    bob = people("Bob")
    page.goto("/people")
    page.get_by_role("button", name="Add with a password").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Bob")
    dialog.get_by_label("E-mail").fill(bob.email)
    dialog.get_by_label("First password").fill("password123456")
    dialog.get_by_role("button", name="Add").click()
    expect(dialog.get_by_role("alert")).to_contain_text("WEAK_PASSWORD")
    dialog.get_by_label("First password").fill(PASSWORD)
    dialog.get_by_role("button", name="Add").click()
    expect(dialog).to_be_hidden()
    expect(row_of(page, "Bob")).to_contain_text("developer")
    bob.page.goto("/login")
    bob.log_in()
    bob.sees_link("Live")


def test_a_role_changes_while_both_look(ada: Person, people: Callable[..., Person]):
    """What may not be done any more says why, and what may be done is there at once, without a log-in."""
    bob = joined(ada, people)
    bob.page.goto("/people")
    invite = bob.page.get_by_role("button", name="Invite", exact=True)
    expect(invite).to_have_attribute("title", "You are developer: ask an admin for the role admin")
    expect(bob.page.get_by_role("columnheader", name="E-mail")).to_have_count(0)
    expect(bob.page.get_by_text(ada.email)).to_have_count(0)
    invite.click(force=True)
    expect(bob.page.get_by_role("dialog")).to_have_count(0)
    bob.page.get_by_role("button", name="Actions for Ada").click()
    expect(bob.page.get_by_role("menuitem", name="Remove")).to_have_attribute("aria-disabled", "true")
    assert_usable(bob.page)
    bob.page.keyboard.press("Escape")
    ada.page.goto("/people")
    choose(ada.page, "Bob", "Change role")
    ada.page.get_by_role("dialog").get_by_label("Role").select_option("admin")
    ada.page.get_by_role("button", name="Change role", exact=True).click()
    expect(row_of(ada.page, "Bob")).to_contain_text("admin")
    expect(invite).not_to_have_attribute("aria-disabled", "true")
    expect(bob.page.get_by_role("columnheader", name="E-mail")).to_be_visible()
    choose(bob.page, "Ada", "Change role")
    bob.page.get_by_role("dialog").get_by_label("Role").select_option("viewer")
    bob.page.get_by_role("button", name="Change role", exact=True).click()
    expect(ada.page.get_by_role("button", name="Invite", exact=True)).to_have_attribute(
        "title", "You are viewer: ask an admin for the role admin"
    )
    expect(ada.page.get_by_role("table", name="Invitations")).to_have_count(0)


def test_the_last_admin_stays_one_and_that_is_said(ada: Person):
    ada.page.goto("/people")
    choose(ada.page, "Ada", "Change role")
    dialog = ada.page.get_by_role("dialog")
    dialog.get_by_label("Role").select_option("viewer")
    dialog.get_by_role("button", name="Change role", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("LAST_ADMIN")


def test_somebody_is_logged_out_everywhere_sets_a_new_password_and_is_removed(
    ada: Person, people: Callable[..., Person]
):
    bob = joined(ada, people)
    page = ada.page
    page.goto("/people")
    choose(page, "Bob", "Log out everywhere")
    page.get_by_role("button", name="Log out", exact=True).click()
    expect(bob.page).to_have_url(re.compile("/login"))
    choose(page, "Bob", "Password reset link")
    page.get_by_role("button", name="Make the link").click()
    link = page.get_by_role("dialog").get_by_label("Link", exact=True).input_value()
    bob.page.goto(link)
    bob.page.get_by_label("New password").fill("another 31 meadow of lamps")
    bob.page.get_by_role("button", name="Set password").click()
    bob.page.get_by_role("link", name="Log in").click()
    bob.log_in("another 31 meadow of lamps")
    bob.sees_link("Live")
    page.keyboard.press("Escape")
    choose(page, "Bob", "Remove")
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    assert_usable(page)
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(row_of(page, "Bob")).to_have_count(0)
    expect(bob.page).to_have_url(re.compile("/login"))


def test_somebody_who_is_gone_already_is_said_and_the_list_is_right_again(ada: Person, people: Callable[..., Person]):
    bob = joined(ada, people)
    page = ada.page
    page.goto("/people")
    choose(page, "Bob", "Remove")
    user_id = bob.call("GET", "/api/auth/me")["user"]["id"]
    httpx.delete(f"{ada.url}/api/users/{user_id}", headers=ada.token()).raise_for_status()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator(".toast")).to_contain_text("Bob could not be removed.")
    expect(row_of(page, "Bob")).to_have_count(0)


def test_hostile_names_are_text_and_break_no_layout(ada: Person):
    names = ["<img src=x onerror=document.title='owned'>", "\u202eadA", "x" * 200, "a\u0301" * 60, "{{7*7}} %s"]
    for number, name in enumerate(names):
        body = {"email": f"{number}-{ada.email}", "name": name, "password": PASSWORD, "role": "viewer"}
        ada.call("POST", "/api/users", body)
    ada.page.goto("/people")
    for name in names:
        expect(ada.page.locator("td bdi", has_text=re.compile(f"^{re.escape(name)}$"))).to_be_visible()
    ada.page.set_viewport_size({"width": 390, "height": 800})
    assert ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(ada.page).to_have_title("People · Runcast")
    assert_usable(ada.page)


def test_members_that_cannot_be_read_are_a_card_and_offline_nothing_can_be_done(ada: Person):
    page = ada.page
    problem = json.dumps({"error": "no such luck", "code": "BROKEN"})
    page.route("**/api/users", lambda route: route.fulfill(status=400, content_type="application/json", body=problem))
    page.goto("/people")
    expect(page.get_by_role("alert")).to_contain_text("BROKEN")
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    expect(row_of(page, "Ada")).to_be_visible()
    ada.context.set_offline(True)
    ada.sees_link("Offline since")
    expect(page.get_by_role("button", name="Invite", exact=True)).to_have_attribute("title", re.compile("offline"))
    expect(row_of(page, "Ada")).to_be_visible()
    expect(page.get_by_text(re.compile("^As of ")).first).to_be_visible()
    ada.context.set_offline(False)
    ada.sees_link("Live")
    expect(page.get_by_role("button", name="Invite", exact=True)).not_to_have_attribute("aria-disabled", "true")
