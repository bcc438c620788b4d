"""Watching an execution: from its queue to its proof, over attempts, by tabs, keys and links."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.execution.at_execution import AtExecution, Gate
from tests.browser.person import Person
from tests.browser.requests import request


def test_output_arrives_and_is_proved(ada: Person, gate: Callable[[], Gate]):
    """The title and the icon carry the state; Verify computes the same hash here."""
    going, ending = gate(), gate()
    at = AtExecution(ada, ada.run(f"echo first; {going.wait}; echo second; {ending.wait}; echo third")).open()
    at.sees("first")
    expect(at.heading).to_contain_text("Running")
    expect(at.foot).to_contain_text("● live · 1 line")
    expect(at.page).to_have_title(re.compile("◐ echo · Runcast"))
    running = at.page.locator("link[rel=icon]").get_attribute("href")
    going.open()
    at.sees("second")
    expect(at.foot).to_contain_text("● live · 2 lines")
    ending.open()
    at.is_complete()
    expect(at.foot).to_contain_text(re.compile(r"✓ Complete: 3 lines, 19 B, SHA-256 [0-9a-f]{8}…"))
    expect(at.heading).to_contain_text("Passed")
    expect(at.page).to_have_title(re.compile("✓ echo · Runcast"))
    assert at.page.locator("link[rel=icon]").get_attribute("href") != running
    at.page.get_by_role("button", name="Verify").click()
    expect(at.page.get_by_text(re.compile("✓ Verified here: 19 B, SHA-256 [0-9a-f]{64}"))).to_be_visible()


def test_what_wrote_nothing_says_so(ada: Person, gate: Callable[[], Gate]):
    ending = gate()
    at = AtExecution(ada, ada.run(ending.wait)).open()
    expect(at.page.get_by_text("It has written nothing yet")).to_be_visible()
    ending.open()
    expect(at.page.get_by_text("It wrote nothing")).to_be_visible()


def test_what_waits_tells_its_place(ada: Person):
    """In a pool that no runner takes from."""
    first = request(ada, "true", pool="nobody")
    second = request(ada, "true", pool="nobody")
    at = AtExecution(ada, second).open()
    expect(at.page.get_by_text("#2 in queue (pool nobody)")).to_be_visible()
    expect(at.heading).to_contain_text("Waiting")
    ada.call("POST", f"/api/executions/{first}/cancel")
    expect(at.page.get_by_text("#1 in queue (pool nobody)")).to_be_visible(timeout=20_000)
    at.page.get_by_role("button", name="Cancel").click()
    expect(at.heading).to_contain_text("Cancelled")
    expect(at.page.get_by_text("It wrote nothing")).to_be_visible()


def test_attempts_are_tabs_and_a_running_one_goes_on_while_another_is_seen(ada: Person, gate: Callable[[], Gate]):
    """The newest is shown without being asked for; `[` and `]` go through them."""
    failing, going = gate(), gate()
    marker = f"{failing.wait.split()[4]}-marker"
    first = f"if [ ! -e {marker} ]; then touch {marker}; echo one; {failing.wait}; exit 3; fi"
    command = f"{first}; echo two; {going.wait}; echo end"
    at = AtExecution(ada, request(ada, command, retryAttempts=1)).open()
    at.sees("one")
    failing.open()
    at.sees("two")
    expect(at.tab("Attempt 2: Running")).to_have_attribute("aria-selected", "true")
    at.page.keyboard.press("[")
    at.sees("one")
    expect(at.page).to_have_url(re.compile(r"attempt=1"))
    expect(at.page.get_by_text("Exit code 3")).to_be_visible()
    at.is_complete(1)
    going.open()
    expect(at.tab("Attempt 2: Passed")).to_be_visible()
    expect(at.heading).to_contain_text("Unstable")
    at.page.keyboard.press("]")
    at.sees("two", "end")
    at.is_complete(2)
    expect(at.page).not_to_have_url(re.compile("attempt="))


def test_views_have_keys_and_addresses(ada: Person):
    at = AtExecution(ada, ada.run("echo hello")).open()
    at.is_complete()
    for key, view, seen in (
        ("2", "tests", "config.artifacts"),
        ("3", "artifacts", "config.artifacts"),
        ("4", "details", '"command": "echo hello"'),
    ):
        at.page.keyboard.press(key)
        expect(at.page).to_have_url(re.compile(f"view={view}$"))
        expect(at.page.get_by_role("tabpanel")).to_contain_text(seen)
    at.page.reload()
    expect(at.tab("Details")).to_have_attribute("aria-selected", "true")
    at.page.keyboard.press("1")
    at.sees("hello")
    expect(at.page).to_have_url(f"{ada.url}/executions/{at.task_id}")
    at.page.keyboard.press("Escape")
    expect(at.page).to_have_url(f"{ada.url}/executions")


def test_details_never_show_a_secret(ada: Person):
    at = AtExecution(ada, request(ada, "true", secrets={"TOKEN": "tell-nobody"})).open("?view=details")
    expect(at.page.locator(".execution-request")).to_contain_text("***")
    expect(at.page.get_by_text("tell-nobody")).to_have_count(0)


def test_a_link_leads_to_its_lines(ada: Person):
    at = AtExecution(ada, ada.run("seq 1 20000")).open("#L12000-L12010")
    expect(at.page.locator('.log-marked[aria-posinset="12000"]')).to_be_in_viewport()
    expect(at.page.get_by_text(re.compile("Lines 12000.12010"))).to_be_visible()
    at.is_complete()
    at.page.keyboard.press("Escape")
    expect(at.page).to_have_url(f"{ada.url}/executions/{at.task_id}")


def test_a_failure_is_shown_first(ada: Person):
    """Not the end, as what ended well does."""
    command = "seq 1 400; echo FAILED tests/test_a.py::test_b; seq 401 900; echo the last"
    failed = AtExecution(ada, ada.run(f"{command}; exit 1"))
    passed = AtExecution(ada, ada.run(command))
    for at, status in ((failed, "Failed"), (passed, "Passed")):
        at.open()
        expect(at.heading).to_contain_text(status)
        at.is_complete()
    passed.open()
    expect(passed.line("the last")).to_be_in_viewport()
    failed.open()
    expect(failed.line("FAILED tests/test_a.py::test_b")).to_be_in_viewport()


def test_nonsense_in_the_address_is_ignored(ada: Person):
    at = AtExecution(ada, ada.run("echo hello"))
    for more in ("?attempt=99&view=nothing#L0", "?attempt=-1&view=__proto__#L9-L", "?attempt=x#<script>"):
        at.open(more)
        at.sees("hello")


def test_what_is_not_there_says_so_and_can_be_searched_for(ada: Person):
    ada.page.goto("/executions/nowhere")
    expect(ada.page.get_by_role("heading", name=f"No such execution in {ada.organization}")).to_be_visible()
    ada.page.get_by_label("Search the executions").fill("alp")
    ada.page.get_by_role("button", name="Search").click()
    expect(ada.page).to_have_url(f"{ada.url}/executions?q=alp")
