"""Draws a report's rows as SVG: a panel for each case, a group of bars for each number of sockets.

Colours are of middling lightness and there is no background, so that it reads on a light page as on a dark one.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from benchmarks.cases import CASES, Case
from benchmarks.report import Row, figure

COLOURS = {
    "node": "#6a9e45",
    "node-sharded": "#a0b986",
    "python-socketio": "#c99a2e",
    "centrifugo": "#b8617f",
    "runcast": "#3478e5",
    "runcast-recover": "#7ba6ee",
    "floor": "#8d96a0",
}
INK = "#7a828c"
LIMIT = "#ff6352"
COLUMNS = 3
MARGIN, HEADER, BOTTOM = 24, 92, 8
PANEL, GAP = 300, 32
BAR, STEP, GROUP = 13, 17, 26
FIGURE = 46
"""Room for the number behind the longest bar."""


class Drawing:
    """SVG elements in the order in which they are painted."""

    def __init__(self) -> None:
        self._elements: list[str] = []

    def text(self, x: float, y: float, words: str, *, size: int = 12, bold: bool = False) -> None:
        weight = ' font-weight="600"' if bold else ""
        self._elements.append(f'<text x="{x:g}" y="{y:g}" font-size="{size}"{weight}>{escape(words)}</text>')

    def bar(self, x: float, y: float, width: float, colour: str, title: str) -> None:
        shape = f'<rect x="{x:g}" y="{y:g}" width="{max(width, 1):.1f}" height="{BAR}" rx="2" fill="{colour}">'
        self._elements.append(f"{shape}<title>{escape(title)}</title></rect>")

    def mark(self, x: float, top: float, bottom: float) -> None:
        self._elements.append(f'<path d="M{x:.1f} {top:g}V{bottom:g}" stroke="{LIMIT}" stroke-width="3"/>')

    def svg(self, width: float, height: float, title: str) -> str:
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
            f'height="{height:g}" role="img" aria-label={quoteattr(title)} fill="{INK}" '
            'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">'
        )
        return "\n".join([head, *self._elements, "</svg>", ""])


def plot(report: Mapping[str, Any]) -> str:
    """Return the SVG of a report."""
    rows: Sequence[Row] = report["rows"]
    panels = [(case, of_case) for case in CASES.values() if (of_case := [r for r in rows if r["case"] == case.name])]
    drawing, title = Drawing(), "What a server pays for a delivery, an event, a socket"
    drawing.text(MARGIN, 32, title, size=18, bold=True)
    drawing.text(MARGIN, 52, _subtitle(report["machine"], max((row["rounds"] for row in rows), default=0)))
    _legend(drawing, list(dict.fromkeys(row["system"] for row in rows)))
    top = float(HEADER)
    for start in range(0, len(panels), COLUMNS):
        line = panels[start : start + COLUMNS]
        for column, (case, of_case) in enumerate(line):
            _panel(drawing, MARGIN + column * (PANEL + GAP), top, case, of_case)
        top += max(_height(of_case) for _, of_case in line)
    return drawing.svg(2 * MARGIN + COLUMNS * PANEL + (COLUMNS - 1) * GAP, top + BOTTOM, title)


def _subtitle(machine: Mapping[str, Any], rounds: int) -> str:
    measured = f"median of {rounds} rounds" if rounds > 1 else "one round"
    return f"One server process on one core of {machine['cpu']}, {measured}. Shorter is better."


def _legend(drawing: Drawing, systems: Sequence[str]) -> None:
    x = float(MARGIN)
    for system in systems:
        drawing.bar(x, 64, BAR, COLOURS[system], system)
        drawing.text(x + 19, 75, system)
        x += 40 + 7 * len(system)
    drawing.mark(x + 4, 63, 78)
    drawing.text(x + 14, 75, "runcast's budget")


def _groups(rows: Sequence[Row]) -> dict[int, list[Row]]:
    """Return the rows that have a figure by number of sockets."""
    groups: dict[int, list[Row]] = {}
    for row in rows:
        if row[CASES[row["case"]].key] is not None:
            groups.setdefault(row["sockets"], []).append(row)
    return groups


def _height(rows: Sequence[Row]) -> float:
    return 58 + sum(GROUP + STEP * len(group) for group in _groups(rows).values())


def _panel(drawing: Drawing, x: float, top: float, case: Case, rows: Sequence[Row]) -> None:
    drawing.text(x, top + 24, case.title, size=14, bold=True)
    drawing.text(x, top + 40, case.unit)
    groups, y = _groups(rows), top + 46
    longest = max((row[case.key] for group in groups.values() for row in group), default=0) or 1
    scale = (PANEL - FIGURE) / longest
    for sockets, group in groups.items():
        drawing.text(x, y + 18, f"{sockets:,} sockets", size=11)
        y += GROUP
        for row in group:
            drawing.bar(x, y, row[case.key] * scale, COLOURS[row["system"]], f"{row['system']}: {row[case.key]:g}")
            end = x + row[case.key] * scale
            limit = _limit(row, group)
            if limit is not None and limit <= longest:
                drawing.mark(x + limit * scale, y - 1, y + BAR + 1)
                end = max(end, x + limit * scale)
            drawing.text(end + 6, y + 11, figure(row[case.key]), size=11, bold=row["system"] == "runcast")
            y += STEP


def _limit(row: Row, group: Sequence[Row]) -> float | None:
    """Return the row's budget in its case's unit."""
    if row["budget"] is None:
        return None
    if row["budgetUnit"] != "times node":
        return float(row["budget"])
    node = next((other[CASES[other["case"]].key] for other in group if other["system"] == "node"), None)
    return None if node is None else float(node * row["budget"])
