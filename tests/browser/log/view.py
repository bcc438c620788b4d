"""What a reader does with the log view and sees of it, by Playwright."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page

_SEEN = """() => {
  const view = document.querySelector('.log-scroller').getBoundingClientRect();
  return [...document.querySelectorAll('.log-layer > .log-row:not(.log-pinned)')].map((row) => {
    const box = row.getBoundingClientRect();
    return [Number(row.getAttribute('aria-posinset')), box.top - view.top, box.bottom - view.top,
            row.lastElementChild.textContent];
  }).filter(([, top, bottom]) => bottom > 0.5 && top < view.height - 0.5);
}"""
_FRAMES = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(null))))"""
_STILL = """() => new Promise((done) => {
  const scroller = document.querySelector('.log-scroller');
  let before = null, same = 0;
  const look = () => {
    const row = document.querySelector('.log-layer > .log-row');
    const now = `${scroller.scrollTop} ${scroller.scrollLeft} ${row?.getAttribute('aria-posinset')}`;
    same = now === before ? same + 1 : 0;
    before = now;
    if (same > 8) done(null); else requestAnimationFrame(look);
  };
  look();
})"""


@dataclass(frozen=True)
class Row:
    """A row in view: its line from 1, its edges within the view in pixels, its text."""

    line: int
    top: float
    bottom: float
    text: str


class LogView:
    """The log view in a browser's page; `errors` are what the page raised or its policy refused."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)

    def open(self, lines: int, anchor: str = "", **asked: object) -> "LogView":
        """Open an output of so many lines. Unless told otherwise its text is read where it is looked at."""
        query = urlencode({"lines": lines, "text": "asked", **asked})
        self.page.goto(f"{self.address}/log.html?{query}{anchor}")
        self.page.wait_for_selector(".log-layer", state="attached")
        if lines:
            self.page.wait_for_selector(".log-row:not(.log-probe)")
        return self.still()

    def still(self) -> "LogView":
        """Wait until nothing moves any more."""
        self.page.evaluate(_STILL)
        self.page.evaluate(_FRAMES)
        return self

    def seen(self) -> list[Row]:
        """Return the rows in view."""
        return [Row(*each) for each in self.page.evaluate(_SEEN)]

    def lines(self) -> list[int]:
        """Return the lines in view."""
        return [row.line for row in self.seen()]

    def text(self, line: int) -> str:
        """Return what a line reads as, without colours."""
        text: str = self.page.evaluate("(n) => log.lineText(n - 1)", line)
        return strip(text)

    def link(self, first: int, last: int | None = None) -> "LogView":
        """Go to lines as an address that marks them does."""
        self.page.evaluate("(range) => log.link(range)", {"from": first, "to": last or first})
        self.page.wait_for_selector(f'.log-marked[aria-posinset="{first}"]')
        return self.still()

    def key(self, key: str) -> "LogView":
        """Press a key in the output."""
        self.page.locator(".log-scroller").focus()
        self.page.keyboard.press(key)
        return self.still()

    def wheel(self, pixels: float) -> "LogView":
        """Turn the wheel over the output."""
        self.page.locator(".log-scroller").hover()
        self.page.mouse.wheel(0, pixels)
        self.page.evaluate(_FRAMES)
        return self.still()

    def drag(self, part: float) -> "LogView":
        """Put the scrollbar's thumb to a part of its way."""
        self.run("(s, part) => { s.scrollTop = part * (s.scrollHeight - s.clientHeight); }", part)
        return self.still()

    def run(self, script: str, argument: Any = None) -> Any:
        """Evaluate a function of the scroller and an argument."""
        return self.page.evaluate(
            f"(argument) => ({script})(document.querySelector('.log-scroller'), argument)", argument
        )

    def add(self, *lines: str, stderr: bool = False, seq: int | None = None) -> "LogView":
        """Append a chunk, or put it where it belongs."""
        self.page.evaluate(
            """([text, stderr, seq, lines]) => log.chunks.add({seq: seq ?? log.chunks.length + 1, log: text, ts: 0,
                firstLine: null, stderr: stderr ? [[0, lines]] : []})""",
            ["\n".join(lines), stderr, seq, len(lines)],
        )
        self.page.evaluate(_FRAMES)
        return self

    @property
    def pill(self) -> str:
        """What the foot says of following."""
        return self.page.locator(".log-pill").inner_text()

    @property
    def page_height(self) -> float:
        """The height of the view."""
        height: float = self.run("(s) => s.clientHeight")
        return height

    def copied(self) -> str:
        """Copy by the keyboard and return what the clipboard has then."""
        self.page.keyboard.press("Control+c")
        text: str = self.page.evaluate("() => navigator.clipboard.readText()")
        return text


def strip(text: str) -> str:
    """Return a text without colours."""
    parts = text.split("\x1b[")
    return parts[0] + "".join(part.partition("m")[2] for part in parts[1:])
