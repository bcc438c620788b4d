"""One container's output, from its printing to a client, by each of the systems."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any

import httpx

from benchmarks.dialogue import Fault
from benchmarks.runner.image import IMAGE, command
from tests.parts.installation import Installation
from tests.parts.part import ended_after

ORGANIZATION = "watched"
TRIES = 5
Report = dict[str, Any]
Follow = Callable[[int, int], Report]
"""Has a container print so many lines at a rate, and returns a client's account of them."""


def by_engine(lines: int, rate: int) -> Report:
    """`docker logs -f`: as fast as the engine gives what it keeps. Under load it may end early, and is tried again."""
    for _ in range(TRIES):
        report = _by_engine(lines, rate)
        if report["lines"] == lines:
            break
    return report


def _by_engine(lines: int, rate: int) -> Report:
    started = subprocess.run(
        ["docker", "run", "--detach", IMAGE, *command(lines, rate)], capture_output=True, check=True
    )
    container = started.stdout.decode().strip()
    try:
        with (
            subprocess.Popen(["docker", "logs", "--follow", container], stdout=subprocess.PIPE) as logs,
            _watcher(lines, stdin=logs.stdout) as watcher,
        ):
            return _account(watcher)
    finally:
        subprocess.run(["docker", "rm", "--force", container], capture_output=True, check=True)


def by_runcast(installation: Installation) -> Follow:
    """An execution, and a dashboard on a gateway."""

    def follow(lines: int, rate: int) -> Report:
        with _watcher(lines, installation.gateways[0], installation.token(ORGANIZATION)) as watcher:
            body = {"image": IMAGE, "command": command(lines, rate)}
            url, headers = f"{installation.api}/api/execution-request", installation.headers(ORGANIZATION)
            httpx.post(url, json=body, headers=headers).raise_for_status()
            return _account(watcher)

    return follow


def by_posts(worker: str, collector_url: str) -> Follow:
    """The system that Runcast replaces: an HTTP post for each piece."""

    def follow(lines: int, rate: int) -> Report:
        with _watcher(lines, collector_url, "", "raw") as watcher:
            arguments = ["node", worker, collector_url, IMAGE, *command(lines, rate)]
            with subprocess.Popen(arguments) as process, ended_after(process, 5):
                return _account(watcher)

    return follow


@contextmanager
def _watcher(
    lines: int, *where: str, stdin: IO[bytes] | int | None = subprocess.PIPE
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a client until the context ends; enter once it listens."""
    arguments = [sys.executable, "-m", "benchmarks.runner.watcher", str(lines), *where]
    with subprocess.Popen(arguments, stdin=stdin, stdout=subprocess.PIPE) as process, ended_after(process, 5):
        assert process.stdout is not None  # noqa: S101 - it was asked for
        if process.stdout.readline() != b"ready\n":
            raise Fault("the client was not let in")
        yield process


def _account(watcher: "subprocess.Popen[bytes]") -> Report:
    assert watcher.stdout is not None  # noqa: S101 - it was asked for
    report: Report = json.loads(watcher.stdout.readline() or b"null")
    if report is None:
        raise Fault("the client ended before it had read anything")
    return report
