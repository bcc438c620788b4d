"""How a line looks: colours, standard error, links, times; on a phone, in both themes, as plain text."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.log.view import LogView


def colour(view: LogView, text: str) -> str:
    found: str = view.page.evaluate(
        """(text) => {
            const spans = [...document.querySelectorAll('.log-text span')];
            return getComputedStyle(spans.find((span) => span.textContent === text)).color; }""",
        text,
    )
    return found


def test_colours_carry_over_lines_and_chunks(view: LogView) -> None:
    view.open(0).add("\x1b[31mred begins", "still red").add("red in the next chunk\x1b[0m", "plain")
    assert colour(view, "still red") == colour(view, "red in the next chunk") == colour(view, "red begins")
    assert view.page.locator('.log-row[aria-posinset="4"] .log-text span').count() == 0


def test_colours_are_forgotten_over_a_gap_and_come_back_with_its_text(view: LogView) -> None:
    view.open(0)
    view.page.evaluate("() => log.chunks.known(0, [1, 1, 1])")
    view.add("\x1b[32mgreen", seq=1).add("after the gap", seq=3)
    assert view.page.locator('.log-row[aria-posinset="3"] .log-text span').count() == 0
    view.add("in the gap", seq=2).still()
    assert colour(view, "after the gap") == colour(view, "green")


def test_true_colours_can_be_read_in_both_themes(view: LogView) -> None:
    seen = []
    for theme in ("light", "dark"):
        view.open(0, theme=theme).add("\x1b[38;2;128;128;128mgrey\x1b[0m")
        seen.append(colour(view, "grey"))
    assert seen[0] != seen[1]


def test_markup_is_text(view: LogView) -> None:
    hostile = "<img src=x onerror=alert(1)> &amp; <script>alert(2)</script>"
    view.open(0).add(hostile)
    assert view.seen()[0].text == hostile
    assert view.page.locator(".log-layer img, .log-layer script").count() == 0


def test_only_web_addresses_become_links(view: LogView) -> None:
    view.open(0).add("see https://example.com/a?b=c. or javascript:alert(1)")
    link = view.page.locator(".log-text a")
    assert link.count() == 1
    assert link.get_attribute("href") == "https://example.com/a?b=c"
    assert link.get_attribute("rel") == "noopener noreferrer nofollow"


def test_standard_error_has_a_bar(view: LogView) -> None:
    view.open(0).add("out").add("err", stderr=True)
    widths = view.page.evaluate(
        """() => [...document.querySelectorAll('.log-layer .log-number')].map(
            (number) => getComputedStyle(number).borderInlineStartColor)"""
    )
    assert widths[0] == "rgba(0, 0, 0, 0)"
    assert widths[1] != widths[0]


def test_times_stand_beside_lines_and_can_be_left_out(view: LogView) -> None:
    view.open(2_000, text="loaded").link(485)
    view.page.get_by_label("Timestamps").select_option("start")
    expect(view.page.locator('.log-row[aria-posinset="485"] .log-time')).to_have_text("0:00.300")
    view.key("s")
    expect(view.page.locator('.log-row[aria-posinset="481"] .log-time')).to_have_text("+0:00.100")
    view.key("s")
    assert view.page.locator(".log-layer .log-time").count() == 0


def test_lines_around_the_view_open_as_plain_text(view: LogView) -> None:
    view.open(20_000, text="loaded").link(10_000)
    view.key("v")
    text = view.page.locator(".log-plain pre").inner_text().split("\n")
    assert len(text) == 2_000
    assert view.text(10_000) in text
    view.page.keyboard.press("Escape")
    expect(view.page.locator(".log-plain")).to_have_count(0)


@pytest.mark.parametrize("wrap", [0, 1])
def test_on_a_phone_a_tap_marks_the_line(chromium: Browser, harness: str, wrap: int) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
    view = LogView(context.new_page(), harness)
    view.open(20_000, **({"wrap": 1} if wrap else {})).link(9_500)
    assert view.page.evaluate("() => document.documentElement.scrollWidth") <= 390
    number = view.page.locator('.log-row[aria-posinset="9500"] .log-number')
    assert number.evaluate("(e) => e.getBoundingClientRect().width") == 0
    view.page.locator('.log-row[aria-posinset="9501"] .log-text').tap(position={"x": 20, "y": 9})
    expect(view.page.locator(".log-foot").get_by_text("Line 9501")).to_be_visible()
    for box in view.page.get_by_role("button").evaluate_all(
        "(all) => all.map((e) => e.getBoundingClientRect().height)"
    ):
        assert box >= 44
    context.close()
    assert view.errors == []
