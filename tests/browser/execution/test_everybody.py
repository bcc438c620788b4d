"""The page on a phone, in both themes, and by the keyboard alone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.execution.at_execution import AtExecution, Gate
from tests.browser.person import Person

WIDER_THAN_THE_SCREEN = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def test_on_a_phone_the_views_are_at_the_bottom_and_the_actions_in_the_menu(ada: Person, gate: Callable[[], Gate]):
    """Lines wrap; nothing is wider than the screen."""
    ada.page.set_viewport_size({"width": 390, "height": 700})
    at = AtExecution(ada, ada.run(f"echo {'word ' * 60}; {gate().wait}")).open()
    at.sees("word word")
    views = at.page.get_by_role("tablist", name="Views").bounding_box()
    panel = at.page.get_by_role("tabpanel").bounding_box()
    assert views
    assert panel
    assert views["y"] >= panel["y"] + panel["height"] - 1
    assert abs(views["y"] + views["height"] - 700) < 2
    assert at.page.evaluate(WIDER_THAN_THE_SCREEN) is False
    row = at.rows.first.bounding_box()
    assert row
    assert row["height"] > 30
    expect(at.page.get_by_role("button", name="Cancel")).to_have_count(0)
    at.page.get_by_role("button", name="More actions").click()
    at.page.get_by_role("menuitem", name="Cancel").click()
    expect(at.heading).to_contain_text("Cancelled")


@pytest.mark.parametrize("view", ["output", "tests", "artifacts", "details"])
def test_the_views_are_reached_by_the_keyboard_alone(ada: Person, view: str):
    """From the first tab by the arrow keys, without single keys."""
    at = AtExecution(ada, ada.run("echo hello")).open()
    at.sees("hello")
    at.tab("Output").focus()
    for _ in range(["output", "tests", "artifacts", "details"].index(view)):
        at.page.keyboard.press("ArrowRight")
    chosen = at.page.get_by_role("tab", selected=True)
    expect(chosen).to_have_text(view.capitalize())
    expect(chosen).to_be_focused()
    at.page.keyboard.press("Tab")
    assert in_panel(at.page) or view in {"tests", "artifacts"}


def test_the_plain_text_and_the_full_screen_have_keys(ada: Person):
    at = AtExecution(ada, ada.run("echo hello; echo there")).open()
    at.is_complete()
    at.page.keyboard.press("v")
    plain = at.page.get_by_role("dialog", name="as plain text")
    expect(plain.locator("pre")).to_have_text("hello\nthere")
    at.page.keyboard.press("Escape")
    at.page.keyboard.press("z")
    expect(at.page.locator("section.log:fullscreen")).to_be_visible()
    at.page.keyboard.press("z")
    expect(at.page.locator("section.log:fullscreen")).to_have_count(0)


def in_panel(page: Page) -> bool:
    return bool(page.evaluate("document.activeElement.closest('[role=tabpanel]') !== null"))
