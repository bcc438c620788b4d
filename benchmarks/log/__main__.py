"""`python -m benchmarks.log`: the page's log view in Chromium beside TanStack Virtual, in turns; see README.md."""

import argparse
import json
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.log.page import opened
from benchmarks.log.report import BESIDE, OURS, Figures, table
from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.browser.log.site import build, missing_part, serve

RESULTS = Path(__file__).parent.parent / "results"
MILLION = 1_000_000
# Each turn of the wheel is one scroll event, and a page that nobody sees is drawn all the same.
SETTINGS = ["--disable-smooth-scrolling", "--disable-renderer-backgrounding", "--enable-precise-memory-info"]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-log", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute: one round, fewer lines a second")
    quick = parser.parse_args().quick
    reason = missing_part()
    if reason:
        parser.error(reason)
    rows = _measured(quick=quick)
    print(table(rows))
    if not quick:
        (RESULTS / "log.json").write_text(json.dumps(rows, indent=2) + "\n")
        (RESULTS / "log.md").write_text(table(rows) + "\n")
    return 0 if all(row["met"] for row in rows) else 1


def _measured(*, quick: bool) -> list[dict[str, object]]:
    figures = Figures()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        build(Path(folder))
        with serve(Path(folder)) as address:
            for number in range(1 if quick else 3):
                print(f"round {number + 1}", flush=True)
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *SETTINGS])
                _round(browser, address, figures, 3 if quick else 8)
                browser.close()
    return figures.rows()


def _round(browser: Browser, address: str, figures: Figures, seconds: int) -> None:
    for lines in (200_000, MILLION):
        for system, kind in ((OURS, "ours"), (BESIDE, "tanstack")):
            with opened(browser, address, kind, lines) as page:
                bytes_of_text = page.load()
                figures.note("first-paint", lines, system, page.first_paint())
                figures.note("wheel", lines, system, page.wheel())
                figures.note("appending", lines, system, page.appending(seconds))
                if system == OURS and lines == MILLION:
                    figures.note("memory", lines, system, page.heap() - 1.2 * bytes_of_text / 1e6)
                    figures.note("find", lines, system, page.find())


if __name__ == "__main__":
    raise SystemExit(main())
