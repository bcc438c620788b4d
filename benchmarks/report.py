"""Turns measurements into rows with ratios and budgets, and rows into a table and a JSON document."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.cases import CASES, Budget, Measurement

Row = dict[str, Any]
_VERDICTS = {True: "met", False: "missed", None: ""}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What all rounds of one case on one system gave: measurements, and why others failed."""

    case: str
    sockets: int
    system: str
    measurements: Sequence[Measurement]
    failures: Sequence[str] = ()


def rows(outcomes: Sequence[Outcome]) -> list[Row]:
    """Return a row for each outcome: medians over the rounds, the ratio to Node, and Runcast's budget."""
    node = {(o.case, o.sockets): _cost(o) for o in outcomes if o.system == "node"}
    return [_row(outcome, node.get((outcome.case, outcome.sockets))) for outcome in outcomes]


def _row(outcome: Outcome, node: float | None) -> Row:
    case, cost = CASES[outcome.case], _cost(outcome)
    rate = _median(m.deliveries_per_second for m in outcome.measurements)
    ratio = cost / node if cost is not None and node else None
    budget = case.budget if outcome.system == "runcast" else None
    row: Row = {
        "case": case.name,
        "sockets": outcome.sockets,
        "system": outcome.system,
        "cpuMicrosPerDelivery": None,
        "deliveriesPerSecond": None if rate is None else round(rate),
        "ratioToNode": None if ratio is None else round(ratio, 3),
        "budget": None if budget is None else budget.limit,
        "budgetUnit": None if budget is None else "times node" if budget.times_node else case.unit,
        "met": _met(budget, outcome, cost, ratio, rate),
        case.key: None if cost is None else round(cost, 3),
        "events": next((m.events for m in outcome.measurements), None),
        "rounds": len(outcome.measurements),
    }
    return row | ({"failures": list(outcome.failures)} if outcome.failures else {})


def _met(
    budget: Budget | None, outcome: Outcome, cost: float | None, ratio: float | None, rate: float | None
) -> bool | None:
    """Tell whether the budget was met and nothing failed; None where there is none, or no Node to compare with."""
    if budget is None or (budget.times_node and ratio is None and not outcome.failures):
        return None
    figure = ratio if budget.times_node else cost
    cheap = figure is not None and figure <= budget.limit
    return cheap and not outcome.failures and (rate or 0) >= budget.deliveries_per_second


def _cost(outcome: Outcome) -> float | None:
    return _median(m.cost for m in outcome.measurements)


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def failed(rows: Sequence[Row]) -> bool:
    return any(row.get("failures") for row in rows)


def table(rows: Sequence[Row]) -> str:
    """Return a Markdown table, a line for each case and number of sockets, that reads well as it is, too."""
    systems = list(dict.fromkeys(row["system"] for row in rows))
    lines = [["", "sockets", *systems, "budget"], *_lines(rows, systems)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    written = ["| " + " | ".join(map(str.ljust, line, widths)) + " |" for line in lines]
    written.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join([*written, "", *dict.fromkeys(_notes(rows))]).strip()


def _lines(rows: Sequence[Row], systems: Sequence[str]) -> Iterable[list[str]]:
    found: dict[tuple[str, int], dict[str, Row]] = {}
    for row in rows:
        found.setdefault((row["case"], row["sockets"]), {})[row["system"]] = row
    for (case, sockets), by_system in found.items():
        cells = [_cell(by_system[system]) if system in by_system else "" for system in systems]
        title = f"{CASES[case].title}, {CASES[case].unit}"
        yield [title, f"{sockets:,}", *cells, _budget(by_system.get("runcast"))]


def _cell(row: Row) -> str:
    cost = row[CASES[row["case"]].key]
    if cost is None:
        return "failed"
    rate = row["deliveriesPerSecond"] if row["case"] != "one-at-a-time" else None
    parts = [figure(cost), f"{rate / 1000:,.0f}k/s" if rate else "", _times(row)]
    return " ".join(part for part in parts if part) + (" failed" if row.get("failures") else "")


def figure(value: float) -> str:
    """Return a number with two or three significant digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _times(row: Row) -> str:
    ratio = row["ratioToNode"]
    return "" if ratio is None or row["system"] == "node" else f"({ratio:.2f}×)"


def _budget(row: Row | None) -> str:
    if row is None or row["budget"] is None:
        return ""
    limit = f"≤ {row['budget']:g}×" if row["budgetUnit"] == "times node" else f"≤ {row['budget']:g}"
    return f"{limit} {_VERDICTS[row['met']]}".strip()


def _notes(rows: Sequence[Row]) -> Iterable[str]:
    """Say which systems were given fewer events than the others, and what failed."""
    most: dict[tuple[str, int], int] = {}
    for row in rows:
        key = row["case"], row["sockets"]
        most[key] = max(most.get(key, 0), row["events"] or 0)
    for row in rows:
        where = f"{row['system']}, {CASES[row['case']].title.lower()}, {row['sockets']:,} sockets"
        if row["events"] and row["events"] < most[row["case"], row["sockets"]]:
            yield f"- {where}: {row['events']} events instead of {most[row['case'], row['sockets']]}, to end in time"
        for failure in row.get("failures", ()):
            yield f"- {where}: FAILED: {failure}"


def document(rows: Sequence[Row], machine: Mapping[str, Any]) -> dict[str, Any]:
    return {"machine": dict(machine), "rows": list(rows)}
