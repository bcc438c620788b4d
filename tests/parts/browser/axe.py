"""axe-core in a page: what it finds that keeps people from using it."""

from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page

from tests.conftest import missing

AXE = Path(__file__).parents[3] / "dashboard/node_modules/axe-core/axe.min.js"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SERIOUS = ("serious", "critical")


def assert_usable(page: Page, within: str = "html") -> None:
    """Fail with all that axe calls serious of what the page shows now, in either theme. The page's
    Content-Security-Policy stays: the script comes from the debugger, not from a document."""
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        found = [_told(violation) for violation in _violations(page, within) if violation["impact"] in SERIOUS]
        assert not found, f"in the {theme} theme: {found}"
    page.emulate_media(color_scheme=None, reduced_motion=None)


def _violations(page: Page, within: str) -> list[dict[str, Any]]:
    if not AXE.exists():
        missing("axe-core is missing: npm ci, in dashboard/")
    page.evaluate(f"{{ {AXE.read_text()} }}; null")
    found: list[dict[str, Any]] = page.evaluate(
        "within => axe.run(within, {resultTypes: ['violations']}).then(result => result.violations)", within
    )
    return found


def _told(violation: dict[str, Any]) -> str:
    places = [f"{node['html'][:200]} ({node['failureSummary']})" for node in violation["nodes"][:3]]
    return f"{violation['id']}: {violation['help']}: {places}"
