"""One output in one page of Chromium: what its main thread spends on showing, scrolling, appending and finding."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Browser, CDPSession, Page

WHEEL_EVENTS = 90
WHEEL_PIXELS = 126
"""Seven rows."""


class LogPage:
    """A page with loaded output. Times are `TaskDuration` in ticks of its main thread: CPU, not wall time."""

    def __init__(self, page: Page, lines: int) -> None:
        self._page = page
        self._lines = lines
        self._cdp: CDPSession = page.context.new_cdp_session(page)
        self._cdp.send("Performance.enable", {"timeDomain": "threadTicks"})

    def load(self) -> int:
        """Make the text; return its bytes."""
        return int(self._call("load()"))

    def first_paint(self) -> float:
        """Show it; milliseconds."""
        return self._spent("mount()")

    def wheel(self) -> float:
        """Turn the wheel from the middle of the output on; milliseconds an event."""
        self._call("settled()")
        self._call("middle()")
        self._page.mouse.move(400, 300)
        before = self._task_milliseconds()
        for _ in range(WHEEL_EVENTS):
            self._page.mouse.wheel(0, WHEEL_PIXELS)
            self._call("painted()")
        return (self._task_milliseconds() - before) / WHEEL_EVENTS - self.idle()

    def idle(self) -> float:
        """What a call that waits for a frame costs by itself; milliseconds."""
        before = self._task_milliseconds()
        for _ in range(WHEEL_EVENTS):
            self._call("painted()")
        return (self._task_milliseconds() - before) / WHEEL_EVENTS

    def appending(self, seconds: int) -> float:
        """Take 5,000 lines a second at the followed end; the share of a core in per cent."""
        self._page.keyboard.press("End")
        self._page.evaluate("(seconds) => { window.batches = bench.prepare(seconds); }", seconds)
        self._call("painted()")
        before = self._task_milliseconds()
        wall = self._page.evaluate("() => bench.append(window.batches)")
        return 100 * (self._task_milliseconds() - before) / float(wall)

    def find(self) -> float:
        """Search all of it for what is in every thousandth line; milliseconds."""
        return self._spent("find('777 collected')")

    def heap(self) -> float:
        """What JavaScript holds, byte arrays with it, after a collection; megabytes."""
        self._cdp.send("HeapProfiler.collectGarbage")
        usage: Any = self._cdp.send("Runtime.getHeapUsage")
        return float(usage["usedSize"] + usage.get("backingStorageSize", 0)) / 1e6

    def _spent(self, call: str) -> float:
        before = self._task_milliseconds()
        self._call(call)
        return self._task_milliseconds() - before

    def _call(self, call: str) -> Any:
        return self._page.evaluate(f"async () => await bench.{call}")

    def _task_milliseconds(self) -> float:
        metrics: Any = self._cdp.send("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration")) * 1000


@contextmanager
def opened(browser: Browser, address: str, kind: str, lines: int) -> Iterator[LogPage]:
    """Open one kind of view, `ours` or `tanstack`, for so many lines."""
    context = browser.new_context(viewport={"width": 1200, "height": 800})
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{address}/bench.html?{urlencode({'kind': kind, 'lines': lines})}")
    page.wait_for_function("() => window.bench !== undefined")
    yield LogPage(page, lines)
    context.close()
