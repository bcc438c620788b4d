"""Selecting and copying what is mostly not mounted; links to lines."""

from playwright.sync_api import expect

from tests.browser.log.view import LogView

_SELECT = """([first, from, last, to]) => {
  const at = (line, unit) => {
    const walker = document.createTreeWalker(document.querySelector(`.log-row[aria-posinset="${line}"] .log-text`), 4);
    let node = walker.nextNode();
    while (unit > node.length) { unit -= node.length; node = walker.nextNode(); }
    return [node, unit];
  };
  const selection = getSelection();
  if (first) selection.collapse(...at(first, from));
  else selection.extend(...at(last, to));
}"""


def test_copying_over_five_thousand_lines_is_exact(view: LogView) -> None:
    view.open(20_000, text="loaded").link(101)
    view.page.evaluate(_SELECT, [101, 34, None, None])
    view.link(5_104)
    view.page.evaluate(_SELECT, [None, None, 5_104, 12])
    lines = view.copied().split("\n")
    assert len(lines) == 5_004
    assert lines[0] == view.text(101)[34:]
    assert lines[-1] == view.text(5_104)[:12]
    assert lines[1:-1] == [view.text(n) for n in range(102, 5_104)]


def test_copying_upwards_is_the_same(view: LogView) -> None:
    view.open(20_000, text="loaded").link(1_000)
    view.page.evaluate(_SELECT, [1_000, 5, None, None])
    view.link(700)
    view.page.evaluate(_SELECT, [None, None, 700, 3])
    lines = view.copied().split("\n")
    assert lines[0] == view.text(700)[3:]
    assert lines[-1] == view.text(1_000)[:5]
    assert len(lines) == 301


def test_dragging_with_the_mouse_selects_text_without_numbers(view: LogView) -> None:
    view.open(2_000, text="loaded").link(100)
    rows = [view.page.locator(f'.log-row[aria-posinset="{n}"] .log-text').bounding_box() for n in (101, 105)]
    assert rows[0]
    assert rows[1]
    view.page.mouse.move(rows[0]["x"] + 1, rows[0]["y"] + 9)
    view.page.mouse.down()
    view.page.mouse.move(rows[1]["x"] + 60, rows[1]["y"] + 9, steps=5)
    view.page.mouse.up()
    lines = view.copied().split("\n")
    assert lines[:-1] == [view.text(n) for n in range(101, 105)]
    assert view.text(105).startswith(lines[-1])


def test_control_a_copies_all(view: LogView) -> None:
    view.open(30_000, text="loaded")
    view.key("Control+a")
    lines = view.copied().split("\n")
    assert len(lines) == 30_000
    assert [lines[0], lines[-1]] == [view.text(1), view.text(30_000)]


def test_more_than_ten_megabytes_offers_the_download(view: LogView) -> None:
    view.open(120_000, text="loaded")
    view.key("Control+a")
    view.page.keyboard.press("Control+c")
    expect(view.page.get_by_role("alert")).to_contain_text("more than 10 MB")
    view.page.get_by_role("alert").get_by_role("button", name="Download").click()
    assert view.page.evaluate("() => log.downloads") == ["all"]


def test_what_is_not_loaded_is_not_copied_in_silence(view: LogView) -> None:
    view.open(20_000)
    view.key("Control+a")
    view.page.keyboard.press("Control+c")
    expect(view.page.get_by_role("alert")).to_contain_text("Not all of that is loaded")


def test_characters_that_deceive_are_shown_and_copied_as_they_are(view: LogView) -> None:
    view.open(0).add("if (admin\u202e) { // \u2066check", "next")
    row = view.seen()[0]
    assert row.text == "if (admin\u2039U+202E\u203a) { // \u2039U+2066\u203acheck"
    view.key("Control+a")
    assert view.copied() == "if (admin\u202e) { // \u2066check\nnext"


def test_a_click_on_a_number_marks_its_line_in_the_address(view: LogView) -> None:
    view.open(20_000).link(120)
    view.page.locator('.log-row[aria-posinset="125"] .log-number').click()
    assert view.page.evaluate("() => location.hash") == "#L125"
    view.page.locator('.log-row[aria-posinset="130"] .log-number').click(modifiers=["Shift"])
    assert view.page.evaluate("() => location.hash") == "#L125-L130"
    assert view.page.locator(".log-marked").count() == 6
    view.key("Escape")
    assert view.page.locator(".log-marked").count() == 0
    assert view.page.evaluate("() => location.hash") == ""


def test_an_address_with_a_range_opens_there(view: LogView) -> None:
    view.open(200_000, anchor="#L120000-L120020")
    assert 120_000 in view.lines()
    assert view.page.locator(".log-marked").count() == 21
    assert view.pill != "Following"
