"""Cancelling, running again, deleting, downloading: by the mouse and by keys, which ask first."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Route, expect

from tests.browser.execution.at_execution import AtExecution, Gate, Talk
from tests.browser.person import Person


def test_a_key_asks_before_it_cancels(ada: Person, gate: Callable[[], Gate]):
    at = AtExecution(ada, ada.run(f"echo begun; {gate().wait}")).open()
    at.sees("begun")
    at.page.keyboard.press("c")
    asked = at.page.get_by_role("dialog", name="Cancel it?")
    expect(asked).to_contain_text("echo begun")
    at.page.keyboard.press("Escape")
    expect(asked).to_be_hidden()
    expect(at.heading).to_contain_text("Running")
    at.page.keyboard.press("c")
    asked.get_by_role("button", name="Cancel it").click()
    expect(at.heading).to_contain_text("Cancelled")
    at.sees("begun")


def test_it_says_cancelling_until_it_is(ada: Person, gate: Callable[[], Gate]):
    """The command takes its time to end."""
    ending = gate()
    at = AtExecution(ada, ada.run(f"trap '{ending.wait}; exit 1' TERM; echo begun; while true; do sleep 0.05; done"))
    at.open().sees("begun")
    at.page.get_by_role("button", name="Cancel").click()
    expect(at.heading).to_contain_text("Cancelling")
    ending.open()
    expect(at.heading).to_contain_text("Cancelled")


def test_run_again_twice_is_one(ada: Person):
    """The first try's answer is lost on its way."""
    lost: list[str] = []

    def lose(route: Route) -> None:
        if not lost:
            route.fetch()
            lost.append(route.request.url)
            route.abort()
        else:
            route.continue_()

    at = AtExecution(ada, ada.run("echo hello")).open()
    at.is_complete()
    at.page.route("**/rerun", lose)
    at.page.get_by_role("button", name="Run again").click()
    expect(at.page.get_by_text("It could not be run again")).to_be_visible()
    at.page.get_by_role("button", name="Try again").click()
    expect(at.page).not_to_have_url(re.compile(at.task_id))
    at.sees("hello")
    assert len(ada.call("GET", "/api/executions")["executions"]) == 2


def test_delete_names_what_goes(ada: Person, talk: Talk):
    """What still runs cannot be deleted, and the menu says why."""
    at = AtExecution(ada, ada.run(talk.command)).open()
    at.sees("line 1")
    at.page.keyboard.press("Delete")
    expect(at.page.get_by_text("It still runs: cancel it first")).to_be_visible()
    talk.open()
    at.is_complete()
    at.page.get_by_role("button", name="More actions").click()
    at.page.get_by_role("menuitem", name="Delete").click()
    asked = at.page.get_by_role("dialog", name="Delete it?")
    expect(asked).to_contain_text("Its output and what is known of it go")
    asked.get_by_role("button", name="Delete").click()
    expect(at.page).to_have_url(f"{ada.url}/executions")
    expect(at.page.get_by_text("Nothing has run yet")).to_be_visible()


def test_the_download_is_the_source(ada: Person, tmp_path: Path):
    at = AtExecution(ada, ada.run("seq 1 5000")).open()
    at.is_complete()
    with at.page.expect_download() as downloaded:
        at.page.keyboard.press("d")
    assert downloaded.value.suggested_filename == f"{at.task_id}-1.txt"
    downloaded.value.save_as(tmp_path / "output")
    assert (tmp_path / "output").read_text() == at.source()
