"""Debian's Chromium, and the page as `runcast up` serves it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.person import Person
from tests.conftest import missing
from tests.parts.up import Up, running_up

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PAGE = Path(__file__).parents[2] / "api/runcast_api/static/index.html"


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One for all tests of a process."""
    if not Path(CHROMIUM).exists():
        missing("Chromium is missing: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A whole installation that serves the page as it was built."""
    if not PAGE.exists():
        missing("the page is not built: npm ci && npm run build, in dashboard/")
    with running_up(tmp_path_factory.mktemp("up") / "data", RUNCAST_EXECUTOR="process") as running:
        yield running


@pytest.fixture
def people(chromium: Browser, up: Up) -> Iterator[Callable[..., Person]]:
    """Makes people, each with a browser profile of their own; their pages must not have raised anything."""
    made: list[Person] = []
    with ExitStack() as stack:

        def person(name: str) -> Person:
            made.append(stack.enter_context(Person.opened(chromium, up.url, name)))
            return made[-1]

        yield person
    for each in made:
        assert each.raised == []


@pytest.fixture
def ada(people: Callable[..., Person]) -> Person:
    """Somebody who has signed up, and looks at the list."""
    person = people("Ada")
    person.sign_up()
    return person
