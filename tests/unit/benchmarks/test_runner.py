"""The runner's benchmark counts what it says it counts: a lost, broken, repeated or late line is seen."""

import pytest

from benchmarks.runner.account import Account
from benchmarks.runner.report import Results, table


def _lines(*numbers: int) -> str:
    return "".join(f"{number} {number * 1_000_000} xxxx\n" for number in numbers)


def test_all_lines_in_order_are_counted_wherever_they_are_cut():
    """With lags from each line's own time, and a rate from the first printing to the last arrival."""
    account, text = Account(), _lines(*range(1, 101))
    for start in range(0, len(text), 7):
        account.feed(text[start : start + 7], 201_000_000)
    report = account.report()
    assert (report["lines"], report["disorder"]) == (100, 0)
    assert report["linesPerSecond"] == pytest.approx(100 / 0.2)
    assert report["p50Ms"] == pytest.approx(150.5)


@pytest.mark.parametrize(
    ("text", "lines", "disorder"),
    [
        (_lines(1, 3), 2, 1),
        (_lines(1, 1, 2), 3, 1),
        (_lines(2, 1), 2, 2),
        (_lines(1) + "xxxx\n" + _lines(2), 2, 1),
        (_lines(1) + "2 1\n", 2, 0),
        ("", 0, 0),
    ],
    ids=["lost", "repeated", "turned round", "broken", "short", "nothing"],
)
def test_what_is_not_the_next_line_is_disorder(text: str, lines: int, disorder: int):
    """Each line that does not follow the one before, and each that is none."""
    account = Account()
    account.feed(text, 5_000_000)
    report = account.report()
    assert (report["lines"], report["disorder"]) == (lines, disorder)


def test_rows_have_medians_ratios_and_a_verdict():
    """Beside the reference of their case; what failed is missed."""
    results = Results({}, {})
    for system, figures in (("docker-logs", [90, 100, 200]), ("runcast", [70, 85, 86]), ("post-per-piece", [300])):
        for figure in figures:
            results.note("throughput", system, figure)
    results.note("start", "docker-run", 100)
    results.note("start", "runcast", 116)
    results.fail("throughput", "post-per-piece", "2 of 5 lines lost")
    rows = {(row["case"], row["system"]): row for row in results.rows()}
    assert rows["throughput", "runcast"] | {"rounds": 3} == {
        "case": "throughput",
        "system": "runcast",
        "linesPerSecond": 85,
        "ratioTo": "docker-logs",
        "ratio": 0.85,
        "budget": 0.8,
        "met": True,
        "rounds": 3,
    }
    assert (rows["start", "runcast"]["ratio"], rows["start", "runcast"]["met"]) == (1.16, False)
    assert rows["throughput", "post-per-piece"]["failures"] == ["2 of 5 lines lost"]
    shown = table(results.rows())
    assert "| From a container to a client, lines/s | runcast | 85.0 | 0.85 × docker-logs | ≥ 0.8× met |" in shown
    assert "- post-per-piece, throughput: 2 of 5 lines lost" in shown


def test_a_lost_line_misses_the_budget():
    """However fast the others came."""
    results = Results({}, {})
    results.note("throughput", "docker-logs", 100)
    results.note("throughput", "runcast", 100)
    results.fail("throughput", "runcast", "1 of 5 lines lost")
    [row] = [row for row in results.rows() if row["system"] == "runcast"]
    assert row["met"] is False
