"""Lines that wrap: rows of any height, with the line that is read kept in place."""

import random

import pytest

from tests.browser.log.view import LogView


@pytest.mark.parametrize("lines", [200_000, 3_000_000])
def test_links_are_exact_in_wrapped_output(view: LogView, lines: int) -> None:
    view.open(lines, wrap=1)
    chosen = random.Random(17)
    for line in [1, lines, 1000, *(chosen.randrange(1, lines) for _ in range(8))]:
        view.link(line)
        rows = {row.line: row for row in view.seen()}
        assert rows[line].text == view.text(line)


@pytest.mark.parametrize("lines", [200_000, 3_000_000])
def test_both_ends_are_reached(view: LogView, lines: int) -> None:
    view.open(lines, wrap=1)
    assert view.lines()[-1] == lines
    assert abs(view.seen()[-1].bottom - view.page_height) <= 1
    view.key("Home")
    assert view.seen()[0].line == 1
    assert view.seen()[0].top == 0
    view.drag(1)
    assert view.lines()[-1] == lines
    assert abs(view.seen()[-1].bottom - view.page_height) <= 1


def test_rows_are_as_high_as_their_cells_take(view: LogView) -> None:
    view.open(2_000, wrap=1).link(1000)
    line = next(row for row in view.seen() if row.line == 1000)
    assert line.bottom - line.top > 30 * 18
    assert (line.bottom - line.top) % 18 == pytest.approx(0, abs=0.5)


def test_the_wheel_moves_by_pixels_over_lines_of_any_height(view: LogView) -> None:
    view.open(200_000, wrap=1).link(5_000)
    for by in [54, 300, -200, 700, -700]:
        rows = {row.line: row.top for row in view.seen()}
        view.wheel(by)
        moved = {rows[row.line] - row.top for row in view.seen() if row.line in rows}
        assert moved
        assert all(each == pytest.approx(by, abs=1) for each in moved)


def test_wrapping_keeps_the_line_at_the_top(view: LogView) -> None:
    view.open(200_000).link(5_000)
    before = view.lines()[0]
    view.key("w")
    assert view.lines()[0] == before
    assert view.page.locator(".log-wrapped").count() == 1
    view.key("w")
    assert view.lines()[0] == before


def test_in_a_narrow_view_rows_are_as_high_as_in_a_wide_one(view: LogView) -> None:
    """What measures a row must not wrap itself: the bar would be too long, and nothing stand at its end."""
    view.page.set_viewport_size({"width": 390, "height": 800})
    view.open(300, wrap=1)
    assert view.lines()[-1] == 300
    lines = [len(view.text(line)) for line in range(1, 301)]
    high = view.page.evaluate("() => document.querySelector('.log-scroller').scrollHeight")
    assert high == pytest.approx(sum(-(-max(1, each) // 47) for each in lines) * 18, rel=0.1)
    assert view.seen()[-1].bottom == pytest.approx(view.page_height, abs=1)


def test_wide_characters_and_tabs_take_the_cells_they_are_given(view: LogView) -> None:
    view.open(0, wrap=1)
    view.add(*["漢字" * 200, "\t" * 60, "é" * 500, "plain " * 100] * 50).key("End")
    assert view.lines()[-1] == 200
    assert abs(view.seen()[-1].bottom - view.page_height) <= 1
    view.key("Home")
    assert view.seen()[0].line == 1
