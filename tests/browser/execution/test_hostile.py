"""Output and names that are out to deceive or to break the page: they are shown as text, and the page goes on."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.execution.at_execution import AtExecution
from tests.browser.person import Person
from tests.parts.conditions import wait_until

MARKUP = "<img src=x onerror=\"document.title='gone'\"><script>document.title='gone'</script>&amp;"
TURNED = "access \u202egranted\u202c \u2066x\u2069 \u200b\ufeff"
MALFORMED = "\x1b[38;2;999;;m\x1b[;;;;m\x1b[9999999999m\x1b]8;;javascript:alert(1)\x07x\x1b[31"


@pytest.fixture
def shown(ada: Person, tmp_path: Path) -> "Shown":
    return Shown(ada, tmp_path / "hostile")


class Shown:
    """Writes bytes by an execution, and opens its page."""

    def __init__(self, ada: Person, path: Path) -> None:
        self._ada, self._path = ada, path

    def __call__(self, text: str) -> AtExecution:
        self._path.write_text(text)
        at = AtExecution(self._ada, self._ada.run(f"cat {self._path}"))
        wait_until(lambda: self._ada.call("GET", f"/api/executions/{at.task_id}")["status"] == "PASSED", 60)
        at.open()
        expect(at.foot).to_contain_text("✓ Complete", timeout=60_000)
        at.page.get_by_role("button", name="Verify").click()
        expect(at.page.get_by_text("✓ Verified here")).to_be_visible(timeout=60_000)
        return at


def test_markup_is_text(shown: Shown):
    at = shown(f"{MARKUP}\nhttps://example.com/a javascript:alert(1) data:text/html,x\n")
    at.sees(MARKUP)
    assert at.page.locator(".log-scroller img, .log-scroller script").count() == 0
    links = at.page.locator(".log-scroller a[href^='http']").evaluate_all("all => all.map(a => a.href)")
    assert links == ["https://example.com/a"]
    assert at.page.locator(".log-scroller a[href^='javascript'], .log-scroller a[href^='data']").count() == 0


def test_what_turns_text_around_is_shown_by_its_code(shown: Shown):
    at = shown(f"{TURNED}\n")
    expect(at.page.locator(".log-scroller")).to_contain_text(re.compile(r"access .U.202E.granted.U.202C. .U.2066.x"))


def test_malformed_sequences_and_long_lines_are_shown(shown: Shown):
    """A line of 16 KB, and what never ends a sequence."""
    at = shown(f"before\n{MALFORMED}\n{'x' * 16_000}\nafter\n")
    at.sees("before", "after")


def test_millions_of_changes_of_colour_do_not_stop_the_page(shown: Shown):
    """Two million, opened once they are there; the keys still do what they do."""
    line = "".join(f"\x1b[38;5;{n % 256}m{n % 10}" for n in range(1000))
    at = shown("".join(f"{line}\n" for _ in range(2000)) + "the last one\n")
    at.sees("the last one")
    at.page.keyboard.press("4")
    expect(at.page.get_by_role("tabpanel")).to_contain_text("Request")
    at.page.keyboard.press("1")
    at.page.locator(".log-scroller").focus()
    at.page.keyboard.press("Home")
    expect(at.page.locator('.log-row[aria-posinset="1"]:not(.log-probe)')).to_be_in_viewport()


def test_hostile_names_in_every_field(ada: Person):
    """Of the command, wherever it is shown."""
    command = f"true '{MARKUP.replace(chr(39), '')}' \u202e"
    at = AtExecution(ada, ada.run(command)).open()
    expect(at.heading).to_contain_text("<img src=x")
    for view in ("tests", "artifacts", "details"):
        at.open(f"?view={view}")
        assert at.page.locator("main img, main b").count() == 0
