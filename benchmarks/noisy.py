"""`python -m benchmarks.noisy`: what one organization's flood does to another's events on the same gateway.

The noisy organization's output comes as runners send it: lines joined into chunks of 16 KB, each into the journal and
onto the channel. The quiet one's events carry the time of their publishing, and are timed when a client has read them.
Rounds without noise and with it alternate; the figure is the median of the ratios of their 99th percentiles.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import uvloop

from benchmarks import noise, quiet
from runcast_core.access.tokens import HmacTokens
from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.model.accounts import Role
from tests.e2e.counters import counted
from tests.parts.installation import SECRET, Installation, started_installation
from tests.parts.redis.server import MortalRedis, own_redis
from tests.parts.redis.told import note_told_at

RESULTS = Path(__file__).parent / "results"
BUDGET = 2.0
LINES_PER_S = 100_000
REACHED = 0.9
"""The share of the lines that must have been published, and read by the noisy organization's own dashboards."""


def main() -> int:
    asked = options(sys.argv[1:])
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cores[1:] or cores)  # and whatever is started from here on
    with (
        MortalRedis(own_redis()[1]) as server,
        server.running(),
        tempfile.TemporaryDirectory() as folder,
        started_installation(server.url, Path(folder), runners=(), api=False) as installation,
    ):
        note_told_at(server.url)
        os.sched_setaffinity(installation.services["gateway-1"].process.pid, cores[:1])
        found = uvloop.run(measure(installation, server.url, asked))
    sys.stdout.write(table(found) + "\n")
    if not asked.quick:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "noisy.json").write_text(json.dumps(found, indent=2) + "\n")
    return 0 if found["met"] else 1


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench-noisy", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under half a minute, and writes no results")
    parser.add_argument("--lines", type=int, default=LINES_PER_S, help="of output, per second")
    parser.add_argument("--dashboards", type=int, default=3, help="of the noisy organization")
    return parser.parse_args(arguments)


async def measure(installation: Installation, redis_url: str, asked: argparse.Namespace) -> dict[str, Any]:
    url = installation.gateways[0]
    seconds, rounds = (4, 2) if asked.quick else (8, 5)
    tokens = [HmacTokens(SECRET).issue(f"u{n}", quiet.ORGANIZATION, Role.VIEWER) for n in range(10)]
    found = []
    async with open_redis_bus(redis_url) as bus, quiet.watching(url, tokens) as watchers:
        await watchers.measured(bus, 1)  # warm
        for _ in range(rounds):
            before = p99_ms(await watchers.measured(bus, seconds))
            with noisy(installation, redis_url, asked) as noise_made:
                during = p99_ms(await watchers.measured(bus, seconds))
            found.append({"quietMs": before, "noisyMs": during, "ratio": round(during / before, 2), **noise_made})
    shed = await counted(url, "shed_sockets_total")
    return document(found, asked, shed)


@contextmanager
def noisy(installation: Installation, redis_url: str, asked: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Make noise while the context is open; what it yields says afterwards how much that was."""
    token = installation.token(noise.ORGANIZATION)
    made: dict[str, Any] = {}
    with (
        _started("read", installation.gateways[0], token, str(asked.dashboards)) as reader,
        _started("publish", redis_url, str(asked.lines)) as publisher,
    ):
        assert reader.stdout is not None  # noqa: S101 - it was asked for
        assert reader.stdout.readline() == "ready\n"  # noqa: S101 - else it said why not
        yield made
        lines, seconds = map(float, publisher.communicate()[0].split())
        received = int(reader.communicate()[0])
    made["linesPerSecond"] = round(lines / seconds)
    made["receivedShare"] = round(received / (lines * (len(noise.LINE) + 2) * asked.dashboards), 2)


def _started(*arguments: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "benchmarks.noise", *arguments]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def p99_ms(latencies: Sequence[float]) -> float:
    return round(statistics.quantiles(latencies, n=100)[98] * 1000, 2)


def document(found: list[dict[str, Any]], asked: argparse.Namespace, shed: float) -> dict[str, Any]:
    ratio = round(statistics.median(round_["ratio"] for round_ in found), 2)
    enough = min(round_["linesPerSecond"] for round_ in found) >= asked.lines * REACHED
    return {
        "rounds": found,
        "quietMs": statistics.median(round_["quietMs"] for round_ in found),
        "noisyMs": statistics.median(round_["noisyMs"] for round_ in found),
        "ratio": ratio,
        "budget": BUDGET,
        "linesPerSecond": asked.lines,
        "dashboards": asked.dashboards,
        "timesShed": shed,
        "met": ratio <= BUDGET and enough,
    }


def table(found: dict[str, Any]) -> str:
    lines = ["| round | p99 quiet | p99 noisy | ratio | lines/s | read by its own |", "|---|---|---|---|---|---|"]
    for number, one in enumerate(found["rounds"], 1):
        cells = [f"{one['quietMs']} ms", f"{one['noisyMs']} ms", one["ratio"], f"{one['linesPerSecond']:,}"]
        lines.append("| " + " | ".join(map(str, [number, *cells, f"{one['receivedShare']:.0%}"])) + " |")
    verdict = "met" if found["met"] else "missed"
    return "\n".join([*lines, f"median ratio {found['ratio']}, budget {found['budget']}: {verdict}"])


if __name__ == "__main__":
    sys.exit(main())
