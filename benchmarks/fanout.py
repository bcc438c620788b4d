"""`python -m benchmarks.fanout`: the systems side by side, in rounds; README.md says what is measured and how."""

import argparse
import json
import math
import os
import resource
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES
from benchmarks.machine import facts
from benchmarks.plot import plot
from benchmarks.report import document, failed, rows, table
from benchmarks.rounds import Comparison, Rounds
from benchmarks.systems import SYSTEMS
from tests.parts.redis.server import MortalRedis, own_redis

RESULTS = Path(__file__).parent / "results"
LIMIT_S = 560.0
FULL_ROUNDS, QUICK_ROUNDS = 3, 2
QUICK_SYSTEMS = ["node", "runcast", "floor"]


def main() -> int:
    asked = options(sys.argv[1:])
    compared = comparison(asked)
    core = _take_cores()
    with MortalRedis(own_redis()[1]) as server, server.running():
        found = rows(Rounds(compared, server.port, core).run(math.inf if asked.rounds else LIMIT_S))
        machine = facts(server.port)
    whole = not (asked.quick or asked.only or asked.cases or asked.sockets or asked.rounds)
    _write("fanout" if whole else "partial", document(found, machine))
    return 1 if failed(found) else 0


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-fanout", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute: 200 sockets, fewer systems, less of all")
    parser.add_argument("--centrifugo", action="store_true", help="with Centrifugo as a further peer")
    parser.add_argument("--only", type=_names(SYSTEMS), help=f"systems, of {','.join(SYSTEMS)}")
    parser.add_argument("--cases", type=_names(CASES), help=f"cases, of {','.join(CASES)}")
    parser.add_argument("--sockets", type=_numbers, help="numbers of sockets, such as 200,1000")
    parser.add_argument("--rounds", type=int, help="how often each system is measured")
    return parser.parse_args(arguments)


def _names(known: dict[str, Any]) -> Callable[[str], list[str]]:
    def names(text: str) -> list[str]:
        if unknown := set(text.split(",")) - known.keys():
            raise argparse.ArgumentTypeError(f"{', '.join(sorted(unknown))}: not one of {', '.join(known)}")
        return text.split(",")

    return names


def _numbers(text: str) -> list[int]:
    numbers = [int(number) for number in text.split(",")]
    if not all(100 <= number <= 10_000 for number in numbers):
        raise argparse.ArgumentTypeError("100 to 10000 sockets")
    return numbers


def comparison(asked: argparse.Namespace) -> Comparison:
    usual = QUICK_SYSTEMS if asked.quick else [system.name for system in SYSTEMS.values() if not system.on_request]
    chosen = (asked.only or usual) + (["centrifugo"] if asked.centrifugo else [])
    return Comparison(
        systems=[system for system in SYSTEMS.values() if system.name in chosen],
        cases=[case for name, case in CASES.items() if name in (asked.cases or CASES)],
        sockets=asked.sockets or ([200] if asked.quick else [200, 1000]),
        rounds=asked.rounds or (QUICK_ROUNDS if asked.quick else FULL_ROUNDS),
        quick=asked.quick,
    )


def _take_cores() -> int:
    """Move this process, and with it whatever it starts, to one core; return another for the measured server."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise SystemExit("two cores are needed: one for the measured server, one for its clients")
    os.sched_setaffinity(0, {cores[1]})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return cores[0]


def _write(name: str, report: dict[str, Any]) -> None:
    RESULTS.mkdir(exist_ok=True)
    written = table(report["rows"])
    (RESULTS / f"{name}.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    (RESULTS / f"{name}.md").write_text(written + "\n")
    (RESULTS / f"{name}.svg").write_text(plot(report))
    print(f"\n{written}\n\nwritten: benchmarks/results/{name}.json, .md and .svg")


if __name__ == "__main__":
    sys.exit(main())
