"""Turns figures of several rounds into a table with budgets."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import Any

OURS = "runcast"
BESIDE = "tanstack"


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured, its unit, the most that it may be, and the most beside TanStack Virtual."""

    title: str
    unit: str
    most: float | None = None
    ratio: float | None = None


CASES = {
    "first-paint": Case("First paint of loaded output", "ms", most=50),
    "wheel": Case("A wheel event", "ms", most=7, ratio=0.7),
    "appending": Case("5,000 lines/s, followed", "% of a core", most=10, ratio=0.5),
    "find": Case("Find in all of it", "ms", most=1000),
    "memory": Case("Memory beyond 1.2 times the text", "MB", most=20),
}


class Figures:
    """Figures by case, number of lines and system."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, int, str], list[float]] = defaultdict(list)

    def note(self, case: str, lines: int, system: str, value: float) -> None:
        """Keep a figure."""
        self._all[case, lines, system].append(value)

    def rows(self) -> list[dict[str, Any]]:
        """Return a row for each case and number of lines, with the median of each system."""
        return [self._row(case, lines) for case in CASES for lines in sorted({n for c, n, _ in self._all if c == case})]

    def _row(self, case: str, lines: int) -> dict[str, Any]:
        known = CASES[case]
        ours = median(self._all[case, lines, OURS])
        beside = self._all.get((case, lines, BESIDE))
        row: dict[str, Any] = {"case": case, "lines": lines, "runcast": round(ours, 2), "budget": known.most}
        if beside:
            row |= {
                "tanstack": round(median(beside), 2),
                "ratio": round(ours / median(beside), 2),
                "mostRatio": known.ratio,
            }
        row["met"] = ours <= (known.most or ours) and (known.ratio is None or not beside or row["ratio"] <= known.ratio)
        return row


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a table of Markdown."""
    lines = ["| | lines | Runcast | TanStack Virtual | ratio | budget | met |", "|---|---|---|---|---|---|---|"]
    return "\n".join([*lines, *(_line(row) for row in rows)])


def _line(row: dict[str, Any]) -> str:
    case = CASES[row["case"]]
    ratio = f" and {row['mostRatio']} ×" if row.get("mostRatio") else ""
    cells = [
        case.title,
        f"{row['lines']:,}",
        f"{row['runcast']:.1f} {case.unit}",
        f"{row['tanstack']:.1f} {case.unit}" if "tanstack" in row else "",
        f"{row['ratio']:.2f}" if "ratio" in row else "",
        f"{row['budget']:g} {case.unit}{ratio}",
        "yes" if row["met"] else "no",
    ]
    return f"| {' | '.join(cells)} |"
