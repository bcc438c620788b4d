"""Somebody at an execution's page: what they see of it, and what its source has."""

import re
from pathlib import Path

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.browser.person import Person
from tests.parts.conditions import wait_until


class Gate:
    """Where a command waits until a test lets it go on."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def wait(self) -> str:
        """The shell's words that wait for it."""
        return f"while [ ! -e {self._path} ]; do sleep 0.05; done"

    def open(self) -> None:
        self._path.touch()


class AtExecution:
    """The page of one execution, opened in a tab of a person's."""

    def __init__(self, person: Person, task_id: str, page: Page | None = None) -> None:
        self.person = person
        self.task_id = task_id
        self.page = page or person.page

    def open(self, more: str = "") -> "AtExecution":
        self.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        self.page.goto(f"/executions/{self.task_id}{more}")
        expect(self.heading).to_be_visible()
        self.page.evaluate("window.kept = true")
        return self

    @property
    def heading(self) -> Locator:
        return self.page.get_by_role("heading", level=1)

    @property
    def foot(self) -> Locator:
        return self.page.locator(".execution-state")

    @property
    def rows(self) -> Locator:
        return self.page.locator(".log-row:not(.log-probe)")

    def line(self, text: str) -> Locator:
        return self.page.locator(".log-row:not(.log-probe)", has_text=text)

    def tab(self, name: str) -> Locator:
        return self.page.get_by_role("tab", name=name)

    def sees(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.locator(".log-scroller")).to_contain_text(text)

    def text(self) -> str:
        """Return all of the output as it is copied by the keyboard, with the newline that ends each line."""
        self.page.locator(".log-scroller").focus()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Control+c")
        copied: str = self.page.evaluate("navigator.clipboard.readText()")
        return copied + "\n"

    def source(self, attempt: int = 1) -> str:
        """Return what the store has of it."""
        url = f"{self.person.url}/api/executions/{self.task_id}/logs?format=text&attempt={attempt}"
        return httpx.get(url, headers=self.person.token()).raise_for_status().text

    def lines(self) -> int:
        """Return how many lines the foot says are here."""
        found = re.search(r"([\d,]+) lines?", self.foot.inner_text())
        return int(found[1].replace(",", "")) if found else 0

    def is_complete(self, attempt: int = 1) -> None:
        """Check that all is here, that the page says so, and that it was never loaded again."""
        expect(self.foot).to_contain_text("✓ Complete", timeout=30_000)
        source = self.source(attempt)
        wait_until(lambda: self.text() == source, instead=lambda: (self.text()[-300:], source[-300:]))
        assert self.page.evaluate("window.kept") is True


class Talk(Gate):
    """A command that writes numbered lines until a test opens it, and then ends."""

    @property
    def command(self) -> str:
        return f"i=0; while [ ! -e {self._path} ]; do i=$((i+1)); echo line $i of it; sleep 0.02; done; echo the end"

    def goes_on(self, at: AtExecution, lines: int = 20) -> None:
        """Wait until so many more lines were written and are shown."""
        shown = at.lines()
        wait_until(lambda: at.lines() >= shown + lines, instead=at.foot.inner_text)
