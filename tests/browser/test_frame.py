"""The frame: keys, theme, the link's history, and the demo's one click."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.person import Person
from tests.parts.up import Up


def test_keys_do_what_their_help_says_and_can_be_turned_off(ada: Person):
    page = ada.page
    page.goto("/nowhere")
    page.goto("/executions/unknown")
    ada.sees_link("Live")
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keys")
    expect(help_).to_contain_text("g e")
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page).to_have_url(f"{ada.url}/executions/unknown")
    help_.get_by_label("Single keys do this").click()
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    page.keyboard.press("?")
    expect(help_).to_be_hidden()
    page.reload()
    ada.sees_link("Live")
    page.get_by_role("button", name="Account of Ada").click()
    page.get_by_role("menuitem", name="Keys").click()
    help_.get_by_label("Single keys do this").click()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("e")
    expect(page).to_have_url(f"{ada.url}/executions")


def test_the_theme_is_kept_and_reaches_other_tabs(ada: Person):
    other = ada.tab()
    other.goto("/executions")
    ada.sees_link("Live", other)
    ada.page.get_by_role("button", name="Account of Ada").click()
    ada.page.get_by_role("menuitem", name="Dark theme").click()
    for page in (ada.page, other):
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    ada.page.reload()
    expect(ada.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_link_tells_its_history_by_the_keyboard_alone(ada: Person):
    badge = ada.page.locator(".link-badge")
    badge.focus()
    ada.page.keyboard.press("Enter")
    expect(ada.page.get_by_role("list", name="The last changes of the link")).to_contain_text("connected")
    ada.page.keyboard.press("Escape")
    expect(ada.page.get_by_role("list", name="The last changes of the link")).to_be_hidden()
    expect(badge).to_be_focused()


def test_a_newer_page_offers_to_reload(ada: Person):
    """Looked for when the network is back; this very page is none."""
    page = ada.page
    newer = '<!doctype html><script type="module" src="/assets/index-NeWeR123.js"></script>'
    with page.expect_response(f"{ada.url}/"):
        page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_text("A newer version")).to_have_count(0)
    page.route(f"{ada.url}/", lambda route: route.fulfill(content_type="text/html", body=newer))
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_text("A newer version")).to_be_visible()
    page.get_by_role("button", name="Reload").click()
    ada.sees_link("Live")
    expect(page.get_by_text("A newer version")).to_have_count(0)


def test_the_demo_logs_in_with_one_click_and_its_password_is_in_no_address(people: Callable[..., Person], up: Up):
    """The banner's address, as a person opens it."""
    visitor = people("Visitor")
    visitor.page.goto(up.page)
    button = visitor.page.get_by_role("button", name="Log in as demo@example.com")
    expect(button).to_be_visible()
    assert "demo=" not in visitor.page.url
    button.click()
    visitor.sees_link("Live")
    assert "demo=" not in visitor.page.evaluate("location.href + document.referrer")
