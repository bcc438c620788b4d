"""Images with their pass rates, and one image's charts, in Chromium over a real store."""

import json
import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from runcast_core.model.executions import Status
from tests.browser.person import Person
from tests.parts.browser.axe import assert_usable
from tests.parts.browser.ended import History
from tests.parts.up import Up

IMAGE = "ghcr.io/acme/shop:3.12"


def history_of(person: Person) -> History:
    return History(str(person.call("GET", "/api/auth/me")["organization"]["id"]))


def month(person: Person, up: Up) -> None:
    """Two of three pass in this month, all did in the one before, in half the time."""
    history = history_of(person)
    for day in range(1, 13):
        history.end(IMAGE, Status.FAILED if day % 3 == 0 else Status.PASSED, day * 2, 20)
    for day in range(1, 5):
        history.end(IMAGE, Status.PASSED, 30 + day, 10)
    history.end("alpine:3", Status.PASSED, 20)
    history.put_into(up)


def figure(page: Page, name: str) -> str:
    return page.locator(".image-figures div", has=page.get_by_text(name, exact=True)).locator("dd").inner_text()


def test_a_month_of_an_image_has_its_pass_rate_and_what_it_was_before(ada: Person, up: Up):
    """From the list to its charts, by the keyboard; the period stands in the URL."""
    month(ada, up)
    page = ada.page
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page).to_have_url(f"{ada.url}/images")
    row = page.get_by_role("row", name=re.compile("shop"))
    expect(row).to_contain_text("67 %")
    expect(row.get_by_role("img")).to_have_accessible_name("of the last 12: 8 passed, 4 failed")
    assert_usable(page)
    row.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text(IMAGE)
    expect(page.locator(".plot canvas")).to_have_count(2)
    assert "67 %" in figure(page, "Pass rate")
    assert "33 points lower than in the period before" in figure(page, "Pass rate")
    assert "0:20" in figure(page, "Half within") or "20 s" in figure(page, "Half within")
    assert "100 % longer" in figure(page, "Half within")
    assert_usable(page)
    page.get_by_role("link", name="7 d", exact=True).click()
    expect(page).to_have_url(re.compile(r"range=7d"))
    expect(page.locator(".image-figures div", has_text="Executions").locator("dd")).to_have_text("3")
    page.reload()
    expect(page.locator(".image-figures div", has_text="Executions").locator("dd")).to_have_text("3")


def test_the_charts_are_drawn_in_the_theme_and_are_a_table_too(ada: Person, up: Up):
    """What a canvas shows is nothing to a screen reader; and each dot of it is an execution that can be opened."""
    month(ada, up)
    page = ada.page
    page.goto(f"/images/{IMAGE.replace('/', '%2F')}")
    charts = page.get_by_role("img", name=re.compile("Passed and failed a day: 8 passed, 0 unstable, 4 failed"))
    expect(charts.locator("canvas")).to_be_visible()
    colours = "() => document.querySelector('.plot canvas').getContext('2d').getImageData(0, 0, 900, 300).data.join()"
    light = page.evaluate(colours)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(f"before => ({colours})() !== before", arg=light)
    page.get_by_role("button", name="As a table").click()
    expect(page.locator(".plot")).to_have_count(0)
    days = page.get_by_role("table", name="Passed and failed a day")
    expect(days.locator("tbody tr")).to_have_count(30)
    durations = page.get_by_role("table", name="Duration of each execution")
    expect(durations.locator("tbody tr")).to_have_count(12)
    assert_usable(page)
    durations.get_by_role("link").first.click()
    expect(page).to_have_url(re.compile(r"/executions/"))


def test_what_ends_meanwhile_is_counted_without_a_reload(ada: Person):
    page = ada.page
    page.goto("/images")
    expect(page.get_by_role("heading", name="Nothing ended in the last 30 days")).to_be_visible()
    assert_usable(page)
    ada.run("true")
    row = page.get_by_role("row", name=re.compile("^local"))
    expect(row).to_contain_text("100 %")
    ada.run("false")
    expect(row).to_contain_text("50 %")


def test_two_organizations_see_their_own_images_only(ada: Person, people: Callable[..., Person], up: Up):
    month(ada, up)
    bob = people("Bob")
    bob.sign_up()
    for path in ("/images", f"/images/{IMAGE.replace('/', '%2F')}"):
        bob.page.goto(path)
        expect(bob.page.get_by_role("heading", name=re.compile("^Nothing "))).to_be_visible()
        expect(bob.page.get_by_text("67 %")).to_have_count(0)


def test_nonsense_in_the_url_is_read_as_something_sensible(ada: Person, up: Up):
    """No such image, a period that is none, and a name that is no image's."""
    month(ada, up)
    page = ada.page
    page.goto("/images?range=1000y")
    expect(page.get_by_role("row", name=re.compile("shop"))).to_contain_text("67 %")
    for name in ("no%2Fsuch", "%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E", "%E2%80%AEgnp", "a%25b", "%23L1"):
        page.goto(f"/images/{name}?range=__proto__")
        expect(page.get_by_role("heading", name="Nothing of this image ended in the last 30 days")).to_be_visible()
    page.goto("/images/" + "x" * 4097)
    expect(page.get_by_role("alert")).to_contain_text("INVALID_QUERY")


def test_hostile_names_of_images_are_text(ada: Person, up: Up):
    """An external worker may call its image anything."""
    names = ["<img src=x onerror=document.title='owned'>", "\u202egnp.exe", "a" * 500, "../..", "%2e%2e/%00", "?x#y"]
    history = history_of(ada)
    for name in names:
        history.end(name, Status.PASSED, 1)
    history.put_into(up)
    page = ada.page
    page.goto("/images")
    expect(page.locator("tbody tr")).to_have_count(len(names))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in names:
        page.locator("tbody bdi", has_text=re.compile(f"^{re.escape(name)}$")).click()
        expect(page.locator("h1 bdi")).to_have_text(name)
        expect(page.locator(".plot canvas")).to_have_count(2)
        page.reload()
        expect(page.locator("h1 bdi")).to_have_text(name)
        page.get_by_role("link", name="Images").first.click()
    expect(page).to_have_title("Images · Runcast")


def test_an_error_is_a_card_and_what_was_read_before_stays(ada: Person, up: Up):
    month(ada, up)
    page = ada.page
    problem = json.dumps({"error": "no such luck", "code": "BROKEN"})

    def refuse(route: Route) -> None:
        route.fulfill(status=400, content_type="application/json", body=problem)

    page.route("**/api/images?*", refuse)
    page.goto("/images")
    expect(page.get_by_role("alert")).to_contain_text("BROKEN")
    page.unroute_all()
    page.get_by_role("button", name="Try again").click()
    row = page.get_by_role("row", name=re.compile("shop"))
    expect(row).to_be_visible()
    page.route("**/api/images?*", refuse)
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_role("alert")).to_contain_text("no such luck")
    expect(row).to_be_visible()
