"""Following is where the reader is; what comes, heals or changes size never moves what is read."""

from playwright.sync_api import expect

from tests.browser.log.view import LogView


def top(view: LogView) -> tuple[int, float, str]:
    row = view.seen()[0]
    return row.line, row.top, row.text


def numbered(first: int, count: int) -> list[str]:
    return [f"new {n}" for n in range(first, first + count)]


def test_at_the_end_new_lines_are_followed(view: LogView) -> None:
    view.open(1_000)
    assert view.pill == "Following"
    for batch in range(5):
        view.add(*numbered(batch * 200, 200))
        assert view.still().seen()[-1].text == f"new {batch * 200 + 199}"


def test_scrolling_up_ends_following_and_counts_what_comes(view: LogView) -> None:
    view.open(1_000).wheel(-90)
    before = top(view)
    view.add(*numbered(0, 1_204)).still()
    assert top(view) == before
    view.page.wait_for_function("() => document.querySelector('.log-pill').textContent === '1,204 new lines ↓'")
    view.page.locator(".log-pill").click()
    assert view.still().seen()[-1].text == "new 1203"
    assert view.pill == "Following"


def test_scrolling_down_to_the_end_follows_again(view: LogView) -> None:
    view.open(1_000).wheel(-90)
    assert view.pill != "Following"
    view.wheel(200)
    assert view.pill == "Following"
    view.add("last one").still()
    assert view.seen()[-1].text == "last one"


def test_appending_keeps_the_line_that_is_read_in_scaled_output_too(view: LogView) -> None:
    view.open(3_000_000).link(1_000_000)
    before = top(view)
    for batch in range(5):
        view.add(*numbered(batch, 500))
        assert top(view) == before
    assert top(view.still()) == before


def test_a_hole_is_a_row_of_its_height_and_healing_keeps_what_is_read(view: LogView) -> None:
    view.open(0)
    view.page.evaluate("() => log.chunks.hole(2, 3, {kind: 'fetching'})")
    view.add(*numbered(0, 40), seq=1).add(*numbered(500, 400), seq=4)
    view.key("Home").link(200)
    before = view.seen()[0].text
    view.add(*numbered(40, 7), seq=2).add(*numbered(47, 90), seq=3).still()
    assert view.seen()[0].text == before
    assert view.page.locator(".log-hole").count() == 0
    view.key("Home")
    assert [row.text for row in view.seen()][:3] == ["new 0", "new 1", "new 2"]


def test_what_could_not_be_read_says_so_and_offers_to_try_again(view: LogView) -> None:
    view.open(0)
    view.page.evaluate("() => log.chunks.known(0, [3, 5, 2])")
    view.add("one", "two", "three", seq=1).add("nine", "ten", seq=3)
    view.page.evaluate(
        """() => log.chunks.hole(2, 2, {
            kind: 'failed', error: 'store does not answer (503)', retry: () => log.downloads.push('again')})"""
    )
    hole = view.page.locator(".log-hole")
    expect(hole).to_contain_text("Lines 4\u20138 could not be read: store does not answer (503).")
    assert hole.bounding_box()["height"] == 5 * 18  # type: ignore[index]
    hole.get_by_role("button", name="Try again").click()
    assert view.page.evaluate("() => log.downloads") == ["again"]


def test_another_size_keeps_the_line_that_is_read(view: LogView) -> None:
    for wrap in ({}, {"wrap": 1}):
        view.open(200_000, **wrap).link(90_000)
        before = view.lines()[0]
        view.page.set_viewport_size({"width": 600, "height": 500})
        assert view.still().lines()[0] == before
        view.page.set_viewport_size({"width": 1000, "height": 700})
        assert view.still().lines()[0] == before


def test_larger_text_keeps_the_line_that_is_read(view: LogView) -> None:
    view.open(200_000).link(90_000)
    before = view.lines()[0]
    view.page.get_by_role("button", name="Larger text").click()
    assert view.still().lines()[0] == before


def test_dropped_text_is_read_again(view: LogView) -> None:
    view.open(40_000, budget=200_000)
    for line in [1, 20_000, 39_000, 1]:
        view.link(line)
        assert next(row.text for row in view.seen() if row.line == line) == view.text(line)
    assert view.page.evaluate("() => log.chunks.textBytes") < 400_000
