"""`python -m benchmarks.runner`: output, starts and claims of the runner, in rounds beside others; see README.md."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.dialogue import Fault
from benchmarks.machine import facts
from benchmarks.runner import claims, output, start
from benchmarks.runner.image import build_image
from benchmarks.runner.report import Results, table
from benchmarks.systems import PEERS
from tests.parts.installation import Installation, started_installation
from tests.parts.mongodb import database_url, start_mongodb
from tests.parts.part import Missing, accepts, ended_after, reserved_port
from tests.parts.redis.server import MortalRedis, own_redis

RESULTS = Path(__file__).parent.parent / "results"
LAG_RATE = 100


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-runner", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute: one round, less of all")
    quick = parser.parse_args().quick
    build_image()
    results = Results({}, {})
    with MortalRedis(own_redis()[1]) as redis, redis.running():
        _measure(results, redis.url, quick=quick)
        machine = facts(redis.port)
    rows = results.rows()
    print(table(rows))
    if not quick:
        (RESULTS / "runner.json").write_text(json.dumps({"machine": machine, "rows": rows}, indent=2) + "\n")
        (RESULTS / "runner.md").write_text(table(rows) + "\n")
    return 1 if any(row.get("failures") for row in rows if row["system"].startswith("runcast")) else 0


def _measure(results: Results, redis_url: str, *, quick: bool) -> None:
    rounds = 1 if quick else 3
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        installation = stack.enter_context(started_installation(redis_url, Path(folder), RUNCAST_EXECUTOR="docker"))
        collector = stack.enter_context(_collector())
        follows = {
            "docker-logs": output.by_engine,
            "runcast": output.by_runcast(installation),
            "post-per-piece": output.by_posts(str(PEERS / "worker.js"), collector),
        }
        for number in range(rounds):
            print(f"round {number + 1} of {rounds}", flush=True)
            _follow_all(results, follows, 50_000 if quick else 300_000, 200 if quick else 1000)
            _start_all(results, installation, 5 if quick else 20)
    with tempfile.TemporaryDirectory() as folder:
        results.note(
            "claims",
            "runcast on SQLite",
            claims.claims_per_second(f"sqlite://{folder}/c.sqlite", 800 if quick else 4000),
        )
    _claim_from_mongodb(results, 400 if quick else 4000)


def _follow_all(results: Results, follows: Mapping[str, output.Follow], lines: int, slow_lines: int) -> None:
    for system, follow in follows.items():
        try:
            fast = _complete(results, "throughput", system, follow(lines, 0), lines)
            results.note("throughput", system, fast["linesPerSecond"])
            slow = _complete(results, "lag-p99", system, follow(slow_lines, LAG_RATE), slow_lines)
            results.note("lag-p50", system, slow["p50Ms"])
            results.note("lag-p99", system, slow["p99Ms"])
        except (Fault, subprocess.CalledProcessError) as fault:
            results.fail("throughput", system, str(fault))


def _complete(results: Results, case: str, system: str, report: output.Report, lines: int) -> output.Report:
    if report["lines"] != lines or report["disorder"]:
        lost = lines - report["lines"]
        results.fail(case, system, f"{lost} of {lines} lines lost or broken, {report['disorder']} out of order")
    return report


def _start_all(results: Results, installation: Installation, count: int) -> None:
    with start.executions(installation) as execute:
        execute(), start.docker_run()  # warm
        for _ in range(count):
            results.note("start", "docker-run", start.docker_run())
            results.note("start", "runcast", execute())


def _claim_from_mongodb(results: Results, count: int) -> None:
    try:
        with start_mongodb() as part:
            kind = "the stand-in for MongoDB" if "stand-in" in part.description else "MongoDB"
            figure = claims.claims_per_second(database_url(part.url, "benchmark"), count)
            results.note("claims", f"runcast on {kind}", figure)
    except Missing as reason:
        print(reason)


@contextmanager
def _collector() -> Iterator[str]:
    """Run the gateway of the system that Runcast replaces until the context ends."""
    with reserved_port() as port:
        arguments = ["node", str(PEERS / "collector.js"), str(port), "org:watched"]
        with subprocess.Popen(arguments) as process, ended_after(process, 5):
            while not accepts(port):
                if process.poll() is not None:
                    raise Fault("the collector did not start")
            yield f"http://127.0.0.1:{port}"


if __name__ == "__main__":
    sys.exit(main())
