"""A container, from the dialog to its row."""

import re
from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.browser.person import Person
from tests.parts.up import running_up


def test_what_the_dialog_requests_runs_in_a_container(
    chromium: Browser, page: None, tmp_path: Path, busybox_image: str
):
    with (
        running_up(tmp_path / "data", RUNCAST_EXECUTOR="docker") as up,
        Person.opened(chromium, up.url, "Ada") as ada,
    ):
        ada.sign_up()
        ada.page.goto(f"/executions/new?image={busybox_image}&command=exit%204")
        ada.page.get_by_role("button", name="Run", exact=True).click()
        expect(ada.page).to_have_url(re.compile(r"/executions/[0-9a-f]{32}$"))
        ada.page.goto("/executions")
        row = ada.page.locator("tr[data-task]")
        expect(row).to_contain_text("Failed", timeout=30_000)
        expect(row).to_contain_text("exit 4")
        assert ada.raised == []
