"""Debian's Chromium with the log view's page; each test ends with a look at what the page raised."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.log.site import ARGUMENTS, CHROMIUM, build, missing, serve
from tests.browser.log.view import LogView


@pytest.fixture(scope="session")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the log view's page."""
    reason = missing()
    if reason:
        (pytest.fail if os.environ.get("RUNCAST_TEST_DEMAND") == "all" else pytest.skip)(reason)
    folder = tmp_path_factory.mktemp("harness")
    build(folder)
    with serve(folder) as address:
        yield address


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One Chromium for all tests of a process."""
    if not Path(CHROMIUM).exists():
        (pytest.fail if os.environ.get("RUNCAST_TEST_DEMAND") == "all" else pytest.skip)("Chromium is missing")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def view(chromium: Browser, harness: str) -> Iterator[LogView]:
    """A log view in a page of 1,000 by 700 pixels."""
    context = chromium.new_context(
        viewport={"width": 1000, "height": 700},
        permissions=["clipboard-read", "clipboard-write"],
        reduced_motion="reduce",
    )
    context.set_default_timeout(10_000)
    made = LogView(context.new_page(), harness)
    yield made
    context.close()
    assert made.errors == []
