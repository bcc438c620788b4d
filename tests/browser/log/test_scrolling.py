"""Where the view is: every line of millions can be reached, exactly, and nothing moves that the reader did not move."""

import random

import pytest

from tests.browser.log.view import LogView

ROW = 18


@pytest.mark.parametrize("lines", [200_000, 3_000_000])
def test_a_link_leads_to_its_line_wherever_it_is(view: LogView, lines: int) -> None:
    view.open(lines)
    chosen = random.Random(16)
    for line in [1, 2, lines // 2, lines - 1, lines, *(chosen.randrange(1, lines) for _ in range(12))]:
        view.link(line)
        rows = {row.line: row for row in view.seen()}
        assert rows[line].text == view.text(line)
        assert rows[line].top >= 0
        assert rows[line].bottom <= view.page_height


@pytest.mark.parametrize("lines", [200_000, 3_000_000])
def test_home_and_end_reach_the_first_and_the_last_line(view: LogView, lines: int) -> None:
    view.open(lines)
    assert view.lines()[-1] == lines
    assert abs(view.seen()[-1].bottom - view.page_height) <= 1
    view.key("Home")
    assert view.lines()[0] == 1
    assert view.seen()[0].top == 0
    view.key("End")
    assert view.lines()[-1] == lines


@pytest.mark.parametrize("lines", [200_000, 3_000_000])
def test_the_scrollbar_reaches_both_ends(view: LogView, lines: int) -> None:
    view.open(lines)
    view.drag(0)
    assert view.lines()[0] == 1
    view.drag(0.5)
    assert abs(view.lines()[0] - lines / 2) < lines / 100
    view.drag(1)
    assert view.lines()[-1] == lines


@pytest.mark.parametrize("lines", [200_000, 3_000_000])
def test_the_wheel_moves_as_many_rows_as_pixels(view: LogView, lines: int) -> None:
    view.open(lines).link(lines // 3)
    for by in [ROW, 5 * ROW, -3 * ROW, 40 * ROW, -40 * ROW]:
        before = view.seen()[0]
        view.wheel(by)
        after = view.seen()[0]
        assert (after.line * ROW - after.top) - (before.line * ROW - before.top) == pytest.approx(by, abs=1)


def test_the_wheel_goes_on_for_longer_than_the_scrollbar_has_room(view: LogView) -> None:
    view.open(3_000_000).link(1_500_000)
    view.run("(s) => { for (let i = 0; i < 3000; i++) { s.scrollTop += 1500; s.dispatchEvent(new Event('scroll')); } }")
    view.still()
    middle = view.lines()[0]
    assert middle == pytest.approx(1_500_000 + 3000 * 1500 / ROW, abs=40)


def test_page_keys_move_by_a_page(view: LogView) -> None:
    view.open(200_000).link(1000)
    before = view.lines()[0]
    view.key("PageDown")
    assert 15 <= view.lines()[0] - before <= view.page_height / ROW
    view.key("PageUp")
    assert view.lines()[0] == before


def test_rows_are_list_items_with_their_place(view: LogView) -> None:
    view.open(3_000_000).link(2_000_000)
    row = view.page.locator('.log-row[aria-posinset="2000000"]')
    assert row.get_attribute("role") == "listitem"
    assert row.get_attribute("aria-setsize") == "3000000"
    assert view.page.locator(".log-scroller").get_attribute("role") == "region"
    assert view.page.locator(".log-row").count() < 120


def test_lines_that_do_not_wrap_can_be_read_to_their_end(view: LogView) -> None:
    view.open(20_000).link(1000)
    view.run("(s) => { s.scrollLeft = s.scrollWidth; }")
    view.still()
    right = view.page.evaluate(
        """() => { const text = document.querySelector('.log-row[aria-posinset="1000"] .log-text');
        const range = document.createRange(); range.selectNodeContents(text);
        const view = document.querySelector('.log-scroller').getBoundingClientRect();
        return range.getBoundingClientRect().right - view.right; }"""
    )
    assert right <= 0
    assert view.page.locator('.log-row[aria-posinset="1000"] .log-number').bounding_box()["x"] == pytest.approx(  # type: ignore[index]
        view.page.locator(".log-scroller").bounding_box()["x"]  # type: ignore[index]
    )
