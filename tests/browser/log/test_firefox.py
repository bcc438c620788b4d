"""Firefox makes an element of 18,000,000 pixels zero pixels high: more lines than that are read in it all the same."""

import os
from pathlib import Path

import pytest

from tests.browser.log.firefox import FIREFOX, firefox

SEEN = """(async () => {
  const scroller = () => document.querySelector('.log-scroller');
  const view = () => [...document.querySelectorAll('.log-layer > .log-row')].filter((row) => {
    const box = row.getBoundingClientRect(), around = scroller().getBoundingClientRect();
    return box.bottom > around.top + 1 && box.top < around.bottom - 1;
  }).map((row) => [Number(row.getAttribute('aria-posinset')), row.lastElementChild.textContent]);
  const frames = async (n) => { for (let i = 0; i < n; i++) await new Promise(requestAnimationFrame); };
  const until = async (so) => { for (let i = 0; i < 600 && !so(view()); i++) await frames(1); return view(); };
  %s
})()"""


@pytest.mark.parametrize("wrap", ["", "&wrap=1"])
def test_three_million_lines_are_reached_in_firefox(harness: str, wrap: str) -> None:
    if not Path(FIREFOX).exists():
        (pytest.fail if os.environ.get("RUNCAST_TEST_DEMAND") == "all" else pytest.skip)("Firefox is missing")
    lines = 3_000_000
    with firefox() as browser:
        browser.open(f"{harness}/log.html?lines={lines}&text=asked{wrap}")
        end = browser.evaluate(SEEN % f"return until((rows) => rows.at(-1)?.[0] === {lines});")
        assert end[-1][0] == lines
        for line in (1, 1_234_567, 2_999_000):
            rows = browser.evaluate(
                SEEN % f"log.link({{from: {line}, to: {line}}});"
                f"return until((rows) => rows.some(([line]) => line === {line}));"
            )
            assert dict(map(tuple, rows))[line].startswith(f"line {line}")
        height = browser.evaluate("document.querySelector('.log-content').getBoundingClientRect().height")
        assert 0 < height <= 8_000_000
