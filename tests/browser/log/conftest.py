"""Debian's Chromium with the log view's page; each test ends with a look at what the page raised."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.log.site import build, missing_part, serve
from tests.browser.log.view import LogView
from tests.conftest import missing


@pytest.fixture(scope="session")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the log view's page."""
    if reason := missing_part():
        missing(reason)
    folder = tmp_path_factory.mktemp("harness")
    build(folder)
    with serve(folder) as address:
        yield address


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
