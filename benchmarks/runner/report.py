"""Turns rounds of figures into rows with ratios and budgets, and rows into a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.report import figure

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured, in which unit, beside what, and what Runcast has to reach of that."""

    title: str
    unit: str
    key: str
    """Of the figure in the JSON."""
    reference: str | None = None
    at_least: float | None = None
    at_most: float | None = None

    @property
    def budget(self) -> float | None:
        return self.at_least if self.at_least is not None else self.at_most

    def meets(self, ratio: float) -> bool:
        return ratio >= (self.at_least or 0) and ratio <= (self.at_most or ratio)


CASES = {
    "throughput": Case("From a container to a client", "lines/s", "linesPerSecond", "docker-logs", at_least=0.8),
    "lag-p50": Case("Lag of a line, median", "ms", "milliseconds", "docker-logs"),
    "lag-p99": Case("Lag of a line, 99th percentile", "ms", "milliseconds", "docker-logs"),
    "start": Case("A container that does nothing", "ms", "milliseconds", "docker-run", at_most=1.15),
    "claims": Case("Claimed and ended by eight runners", "executions/s", "executionsPerSecond"),
}


@dataclass(slots=True)
class Results:
    """The figures of all rounds, and what was wrong with any."""

    figures: dict[tuple[str, str], list[float]]
    failures: dict[tuple[str, str], list[str]]

    def note(self, case: str, system: str, figure: float) -> None:
        self.figures.setdefault((case, system), []).append(figure)

    def fail(self, case: str, system: str, reason: str) -> None:
        self.failures.setdefault((case, system), []).append(reason)

    def rows(self) -> list[Row]:
        keys = sorted(self.figures.keys() | self.failures.keys(), key=lambda key: list(CASES).index(key[0]))
        return [self._row(case, system) for case, system in keys]

    def _row(self, name: str, system: str) -> Row:
        case, cost = CASES[name], self._median(name, system)
        reference = self._median(name, case.reference) if case.reference else None
        ratio = cost / reference if cost is not None and reference else None
        judged = system == "runcast" and case.budget is not None and ratio is not None
        failures = self.failures.get((name, system), [])
        return {
            "case": name,
            "system": system,
            case.key: None if cost is None else round(cost, 2),
            "ratioTo": case.reference,
            "ratio": None if ratio is None else round(ratio, 3),
            "budget": case.budget if system == "runcast" else None,
            "met": case.meets(ratio or 0) and not failures if judged else None,
            "rounds": len(self.figures.get((name, system), [])),
            **({"failures": failures} if failures else {}),
        }

    def _median(self, case: str, system: str) -> float | None:
        figures = self.figures.get((case, system))
        return median(figures) if figures else None


def table(rows: Sequence[Row]) -> str:
    """Return a Markdown table, a line for each row, and what was wrong."""
    lines = ["| | system | figure | ratio | budget |", "|---|---|---|---|---|"]
    for row in rows:
        case = CASES[row["case"]]
        itself = row["ratio"] is None or row["system"] == row["ratioTo"]
        ratio = "" if itself else f"{row['ratio']:.2f} × {row['ratioTo']}"
        shown = "failed" if row[case.key] is None else figure(row[case.key])
        cells = [f"{case.title}, {case.unit}", row["system"], shown, ratio, _budget(case, row)]
        lines.append("| " + " | ".join(cells) + " |")
    notes = [f"- {row['system']}, {row['case']}: {reason}" for row in rows for reason in row.get("failures", ())]
    return "\n".join([*lines, "", *notes]).strip()


def _budget(case: Case, row: Mapping[str, Any]) -> str:
    if row["budget"] is None:
        return ""
    sign = "≥" if case.at_least is not None else "≤"
    verdict = {True: "met", False: "missed", None: ""}[row["met"]]
    return f"{sign} {row['budget']:g}× {verdict}".strip()
