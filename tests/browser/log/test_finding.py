"""Finding: a true count, matches from the view on, marks that move nothing; and landmarks."""

from playwright.sync_api import Page, expect

from tests.browser.log.view import LogView


def find(page: Page, text: str) -> None:
    page.locator(".log-scroller").focus()
    page.keyboard.press("Control+f")
    page.keyboard.type(text)


def test_all_of_it_is_searched_and_counted(view: LogView) -> None:
    view.open(100_000, text="loaded").key("Home")
    find(view.page, "line 777")
    expected = sum(str(n).startswith("777") for n in range(1, 100_001))
    expect(view.page.locator(".log-found")).to_have_text(f"1 of {expected}", timeout=20_000)
    assert 777 in view.still().lines()
    view.page.keyboard.press("Enter")
    expect(view.page.locator(".log-found")).to_have_text(f"2 of {expected}")
    assert 7_770 in view.still().lines()
    view.page.keyboard.press("Shift+Enter")
    expect(view.page.locator(".log-found")).to_have_text(f"1 of {expected}")


def test_what_is_not_loaded_is_searched_where_it_is(view: LogView) -> None:
    view.open(50_000, elsewhere=1).key("Home")
    find(view.page, "line 777")
    expected = sum(str(n).startswith("777") for n in range(1, 50_001))
    expect(view.page.locator(".log-found")).to_have_text(f"1 of {expected}")
    view.page.keyboard.press("Shift+Enter")
    expect(view.page.locator(".log-found")).to_have_text(f"{expected} of {expected}")
    assert 7_779 in view.still().lines()
    view.page.wait_for_function("() => [...CSS.highlights.get('log-current-match')].length === 1")


def test_without_that_the_count_says_that_not_all_is_loaded(view: LogView) -> None:
    view.open(50_000).key("Home")
    find(view.page, "line 777")
    expect(view.page.locator(".log-found")).to_contain_text("not all loaded")


def test_a_match_far_to_the_right_is_brought_into_view(view: LogView) -> None:
    view.open(0).add("x" * 4_000 + "needle" + "y" * 900, *["nothing"] * 50)
    find(view.page, "needle")
    expect(view.page.locator(".log-found")).to_have_text("1 of 1")
    left = view.still().run("(s) => s.scrollLeft")
    assert left > 20_000
    view.key("w")
    view.page.keyboard.press("n")
    marked = view.still().page.evaluate(
        "() => [...CSS.highlights.get('log-current-match')].map((range) => range.toString())"
    )
    assert marked == ["needle"]


def test_matches_are_marked_through_colours(view: LogView) -> None:
    view.open(0).add("hello \x1b[31mred\x1b[0m world", "hello blue world")
    find(view.page, "hello red world")
    expect(view.page.locator(".log-found")).to_have_text("1 of 1")
    marked = view.page.evaluate("() => [...CSS.highlights.get('log-current-match')].map((range) => range.toString())")
    assert marked == ["hello red world"]


def test_case_and_patterns_can_be_switched(view: LogView) -> None:
    view.open(0).add("Error one", "error two", "err.r three")
    find(view.page, "error")
    expect(view.page.locator(".log-found")).to_have_text("1 of 2")
    view.page.get_by_role("button", name="Match case").click()
    expect(view.page.locator(".log-found")).to_have_text("1 of 1")
    view.page.get_by_role("button", name="Regular expression").click()
    view.page.get_by_label("Find in the output").fill("err.r")
    expect(view.page.locator(".log-found")).to_have_text("1 of 2")
    view.page.get_by_label("Find in the output").fill("(")
    expect(view.page.locator(".log-found")).to_contain_text("no pattern")


def test_what_comes_is_searched_too(view: LogView) -> None:
    view.open(0).add("needle")
    find(view.page, "needle")
    expect(view.page.locator(".log-found")).to_have_text("1 of 1")
    view.add("another needle", "and a needle")
    expect(view.page.locator(".log-found")).to_have_text("1 of 3")


def test_landmarks_lead_to_their_lines_and_failures_are_stepped_through(view: LogView) -> None:
    view.open(5_000, text="loaded")
    view.add(
        "=== test session starts ===", "ok", "FAILED tests/test_login.py::test_login", *["line"] * 300, "FAILED two"
    )
    view.key("Home")
    view.page.get_by_role("button", name="Landmarks").click()
    panel = view.page.get_by_role("navigation", name="Landmarks")
    expect(panel.get_by_role("listitem")).to_have_count(3)
    panel.get_by_text("tests/test_login.py").click()
    assert 5_003 in view.still().lines()
    view.key("e")
    assert 5_304 in view.lines()
    view.key("E")
    assert 5_003 in view.lines()


def test_output_of_a_failed_run_opens_at_its_failure(view: LogView) -> None:
    view.open(0, failed=1)
    view.add(*["before"] * 500, "Traceback (most recent call last):", *["after"] * 500)
    view.page.wait_for_function("() => document.querySelector('.log-marked')?.getAttribute('aria-posinset') === '501'")
    assert 501 in view.still().lines()
