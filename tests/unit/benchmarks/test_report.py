"""The benchmark's arithmetic: medians, ratios to Node, budgets; and that what it draws is well-formed."""

import json
from xml.etree import ElementTree

import pytest

from benchmarks.cases import CASES, Measurement
from benchmarks.fanout import comparison, options
from benchmarks.plot import plot
from benchmarks.report import Outcome, document, failed, rows, table

ONE, OFFERED, IRRELEVANT, MEMORY = "one-at-a-time", "offered-200k", "irrelevant", "idle-memory"
SVG = "{http://www.w3.org/2000/svg}"


def outcome(case, system, costs, *, sockets=200, rate=None, events=None, failures=()):
    return Outcome(case, sockets, system, [Measurement(cost, rate, events) for cost in costs], failures)


def row_of(outcomes, system="runcast"):
    return next(row for row in rows(outcomes) if row["system"] == system)


def test_a_row_is_the_median_of_its_rounds_and_its_ratio_to_nodes() -> None:
    """One slow round of either moves neither figure; Node's own row has ratio 1 and no budget."""
    outcomes = [outcome(ONE, "node", [20, 10, 90]), outcome(ONE, "runcast", [9, 8, 70])]
    row = row_of(outcomes)
    assert (row["cpuMicrosPerDelivery"], row["ratioToNode"], row["rounds"]) == (9, 0.45, 3)
    assert (row["budget"], row["budgetUnit"], row["met"]) == (0.55, "times node", True)
    node = row_of(outcomes, "node")
    assert (node["ratioToNode"], node["budget"], node["met"]) == (1, None, None)


@pytest.mark.parametrize(("cost", "met"), [(5.5, True), (5.6, False)])
def test_a_budget_is_a_multiple_of_nodes_cost_with_as_many_sockets(cost: float, met: bool) -> None:
    """The limit itself is within it; another number of sockets does not count."""
    nodes = [outcome(ONE, "node", [10]), outcome(ONE, "node", [1], sockets=1000)]
    assert row_of([*nodes, outcome(ONE, "runcast", [cost])])["met"] is met


@pytest.mark.parametrize(("rate", "met"), [(180_000, True), (179_999, False)])
def test_cheap_is_not_enough_where_it_does_not_keep_up(rate: float, met: bool) -> None:
    """Of 200,000 deliveries a second that are offered, nine tenths must be made."""
    outcomes = [outcome(OFFERED, "node", [10], rate=1e5), outcome(OFFERED, "runcast", [1], rate=rate)]
    assert row_of(outcomes)["met"] is met


def test_memory_has_a_budget_of_its_own() -> None:
    """Kilobytes are judged whatever Node needs, in the case's own field."""
    row = row_of([outcome(MEMORY, "node", [30]), outcome(MEMORY, "runcast", [24.5])])
    assert (row["kilobytesPerSocket"], row["cpuMicrosPerDelivery"], row["met"]) == (24.5, None, False)


def test_without_node_there_is_no_verdict() -> None:
    """What cannot be compared is neither met nor missed."""
    row = row_of([outcome(ONE, "runcast", [5])])
    assert (row["ratioToNode"], row["met"]) == (None, None)


def test_a_failed_round_fails_the_row_and_the_run() -> None:
    """However cheap the others were: the figure counts for nothing, and the table says why."""
    good = [outcome(ONE, "node", [10])]
    bad = [*good, outcome(ONE, "runcast", [1], failures=["one was lost"])]
    assert row_of(bad)["met"] is False
    assert (failed(rows(good)), failed(rows(bad))) == (False, True)
    assert "runcast, one event at a time, 200 sockets: FAILED: one was lost" in table(rows(bad))


def test_a_system_that_failed_everywhere_has_no_figure() -> None:
    """A row without measurements stands in the table all the same."""
    only = rows([outcome(ONE, "node", [], failures=["it did not start"])])
    assert only[0]["cpuMicrosPerDelivery"] is None
    assert "| failed " in table(only)


def test_the_table_says_who_was_given_less_to_do() -> None:
    """Ratios of unequal work are marked; equal work is not."""
    outcomes = [outcome(OFFERED, name, [5], rate=1e5, events=events) for name, events in (("node", 9), ("runcast", 3))]
    assert table(rows(outcomes)).splitlines()[-1].startswith("- runcast, 200,000 deliveries/s offered, 200 sockets: 3 ")
    assert "instead" not in table(rows([outcome(OFFERED, "node", [5], events=9)]))


def report():
    of_all = [
        outcome(case, system, [cost], sockets=sockets, rate=2e5)
        for case in CASES
        for sockets in (200, 1000)
        for system, cost in (("node", 10.0), ("runcast", 0.0))
    ]
    return document(rows(of_all), {"cpu": "A <quick> & cheap one"})


def test_the_table_is_square() -> None:
    """Every line has as many cells, each as wide as its column."""
    lines = [line for line in table(report()["rows"]).splitlines() if line.startswith("|")]
    assert len(lines) == 2 + len(CASES) * 2
    assert len({tuple(i for i, c in enumerate(line) if c == "|") for line in lines}) == 1


def test_the_plot_is_well_formed_and_draws_every_figure() -> None:
    """A bar for each row, one more for each system in the legend; a mark for each budget and in the legend."""
    drawn = ElementTree.fromstring(plot(report()))
    budgets = [row for row in report()["rows"] if row["budget"] is not None and row["budgetUnit"] == "times node"]
    assert drawn.tag == f"{SVG}svg"
    assert len(drawn.findall(f"{SVG}rect")) == len(report()["rows"]) + 2
    assert len(drawn.findall(f"{SVG}path")) == len(budgets) + 1
    assert any("A <quick> & cheap one" in (text.text or "") for text in drawn.findall(f"{SVG}text"))


def test_the_plot_needs_no_figure_of_a_failed_system() -> None:
    """Whatever failed is left out; nothing at all is drawn as such."""
    empty = rows([outcome(IRRELEVANT, "node", [], failures=["it did not start"])])
    drawn = ElementTree.fromstring(plot(document(empty, {"cpu": "one"})))
    assert len(drawn.findall(f"{SVG}rect")) == 1


def test_every_row_has_the_fields_that_readers_rely_on() -> None:
    """And all of it is JSON."""
    wanted = {"case", "sockets", "system", "cpuMicrosPerDelivery", "deliveriesPerSecond", "ratioToNode", "budget"}
    assert all({*wanted, "met"} <= row.keys() for row in json.loads(json.dumps(report()))["rows"])


@pytest.mark.parametrize(
    ("arguments", "systems", "sockets"),
    [
        ([], ["node", "node-sharded", "python-socketio", "runcast", "floor"], [200, 1000]),
        (["--quick"], ["node", "runcast", "floor"], [200]),
        (["--quick", "--centrifugo"], ["node", "centrifugo", "runcast", "floor"], [200]),
        (["--only", "runcast,node", "--sockets", "300"], ["node", "runcast"], [300]),
    ],
)
def test_options_choose_what_is_compared(arguments: list[str], systems: list[str], sockets: list[int]) -> None:
    """Centrifugo, and whatever else is on request, only where it is named."""
    chosen = comparison(options(arguments))
    assert ([system.name for system in chosen.systems], chosen.sockets) == (systems, sockets)
