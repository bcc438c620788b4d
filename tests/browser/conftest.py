"""Debian's Chromium, and the page as `runcast up` serves it."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from playwright.sync_api import Browser, sync_playwright

from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.browser.person import Person
from tests.conftest import missing
from tests.parts.balancer import Balancer, balanced
from tests.parts.installation import Installation, started_installation
from tests.parts.part import Part
from tests.parts.up import Up, running_up

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "api/runcast_api/static/index.html"


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One for all tests of a file. Playwright's loop counts as running for as long as it is open, and while one does no
    test with an `async def` can run in that process."""
    if not Path(CHROMIUM).exists():
        missing("Chromium is missing: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def page() -> None:
    """The page, built in the api's package by what `make up` does, which does nothing where nothing changed."""
    subprocess.run(["make", "--silent", "api/runcast_api/static/index.html"], cwd=ROOT, check=True, timeout=110)
    if not PAGE.exists():
        missing("the page is not built: npm is missing, with Node 20.19 or later")


@pytest.fixture(scope="session")
def up(page: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """A whole installation that serves the page as it was built."""
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
def two_gateways(
    page: None, redis_part: Part, tmp_path: Path
) -> Iterator[tuple[Installation, Balancer, BlockingPortal]]:
    """An api that serves the page, and on another origin a balancer before two gateways, with the balancer's loop."""
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(balanced()) as balancer:
        settings = {"RUNCAST_GATEWAY_ORIGIN": balancer.url}
        with started_installation(redis_part.url, tmp_path, **settings) as installation:
            balancer.targets = list(installation.gateways)
            yield installation, balancer, portal


@pytest.fixture
def ada(people: Callable[..., Person]) -> Person:
    """Somebody who has signed up, and looks at the list."""
    person = people("Ada")
    person.sign_up()
    return person
