"""Two attempts side by side."""

import re
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.execution.at_execution import AtExecution
from tests.browser.person import Person
from tests.browser.requests import request


def failed_then_passed(ada: Person, marker: Path, lines: int = 300) -> AtExecution:
    """Run two attempts whose outputs differ in one line, and in times."""
    first = f"if [ ! -e {marker} ]; then touch {marker}; echo FAILED test_login; code=1; "
    test = f"{first} else echo PASSED test_login; code=0; fi"
    command = f"seq 1 {lines}; {test}; echo took $((code + 1)).5 s; seq 1 {lines}; exit $code"
    at = AtExecution(ada, request(ada, command, retryAttempts=1)).open()
    expect(at.heading).to_contain_text("Unstable", timeout=20_000)
    return at


def test_two_attempts_are_compared(ada: Person, tmp_path: Path):
    """Times do not count, equal lines can be hidden, and both sides scroll together."""
    at = failed_then_passed(ada, tmp_path / "marker")
    page = at.page
    page.get_by_role("link", name="Compare").click()
    expect(page).to_have_url(re.compile(r"/compare\?attempts=1,2$"))
    expect(page.get_by_text("1 line only left, 1 only right")).to_be_visible()
    left, right = (page.get_by_role("region", name=f"Output of attempt {number}") for number in (1, 2))
    left.evaluate("pane => { pane.scrollTop = 300 * 18; }")
    expect(left).to_contain_text("FAILED test_login")
    expect(right).to_contain_text("PASSED test_login")
    page.get_by_label("hide what is equal").check()
    expect(left.locator("[data-kind='left']")).to_have_count(1)
    expect(left).to_contain_text("⋯ 297 equal lines")
    expect(page.get_by_role("heading", name="attempt 1 · exit 1")).to_be_visible()
    assert ada.raised == []


def test_what_is_too_long_is_side_by_side_only(ada: Person, tmp_path: Path):
    at = failed_then_passed(ada, tmp_path / "marker", lines=30_000)
    at.page.goto(f"/executions/{at.task_id}/compare?attempts=1,2")
    expect(at.page.get_by_text("More than 50,000 lines")).to_be_visible(timeout=20_000)
    expect(at.page.locator(".log-scroller")).to_have_count(2)
    expect(at.page.locator(".execution-state").first).to_contain_text("✓ Complete")
    for number in (1, 2):
        with at.page.expect_download() as kept:
            at.page.get_by_label(f"Attempt {number}", exact=True).get_by_label("Download the output").click()
        assert kept.value.suggested_filename == f"{at.task_id}-{number}.txt"


def test_one_attempt_has_nothing_to_be_compared_with(ada: Person):
    task_id = ada.run("true")
    for query in ("", "?attempts=1,2", "?attempts=x,y,z", "?attempts=1,1"):
        ada.page.goto(f"/executions/{task_id}/compare{query}")
        expect(ada.page.get_by_role("heading", name="There is only one attempt")).to_be_visible()
