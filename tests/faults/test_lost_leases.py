"""Runners that lose the leases of several executions at once: that is no fault of theirs, and their logs show none."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw
import httpx
import pytest

from tests.parts.conditions import until
from tests.parts.installation import Installation, started_installation
from tests.parts.part import Part

ORGANIZATION = "org"
EXECUTIONS = 6
LONG_S = 30


@pytest.fixture
def installation(redis_part: Part, tmp_path: Path) -> Iterator[Installation]:
    settings = {"RUNCAST_LEASE_MS": "1500", "RUNCAST_DRAIN": "0.2"}
    with started_installation(redis_part.url, tmp_path, runners=(), **settings) as running:
        yield running


@contextmanager
def _slow_store(path: str) -> Iterator[None]:
    """Let nobody write to the SQLite file meanwhile."""
    connection = apsw.Connection(path)
    connection.set_busy_timeout(10_000)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


async def _request(http: httpx.AsyncClient, folder: Path) -> None:
    """Half of them are run again when they are lost; a second attempt ends at once."""
    for number in range(EXECUTIONS):
        command = f"mkdir {folder}/{number} && sleep 120; true"
        config = {"retryOnLoss": number % 2 == 0}
        body = {"taskId": f"t{number}", "image": "local", "command": command, "config": config}
        (await http.post("/api/execution-request", json=body)).raise_for_status()


async def _until(http: httpx.AsyncClient, *states: tuple[str, int]) -> None:
    async def reached() -> bool:
        shown = [(await http.get(f"/api/executions/t{number}")).json() for number in range(EXECUTIONS)]
        return {(one["status"], one["attempt"]) for one in shown} == set(states)

    await until(reached, LONG_S)


async def test_a_runner_that_lost_its_leases_logs_no_traceback(installation: Installation, tmp_path: Path):
    """Stopped past them, while another runner ends or takes all of them, then continued, with a store that answers
    late; nor does that other one."""

    def lost() -> int:
        return installation.log_of("stopped").count("Execution lost")

    headers = installation.headers(ORGANIZATION)
    async with httpx.AsyncClient(base_url=installation.api, headers=headers, timeout=30) as http:
        with installation.running_runner("stopped") as stopped:
            await _request(http, tmp_path)
            await _until(http, ("RUNNING", 1))
            stopped.process.send_signal(signal.SIGSTOP)
            try:
                with installation.running_runner("other"):
                    await _until(http, ("ERROR", 1), ("PASSED", 2))
                with _slow_store(installation.settings["RUNCAST_SQLITE_PATH"]):
                    stopped.process.send_signal(signal.SIGCONT)
                    await until(lambda: lost() >= EXECUTIONS // 2, LONG_S)  # those know without being told
                await until(lambda: lost() == EXECUTIONS, LONG_S, instead=lambda: installation.log_of("stopped"))
            finally:
                stopped.process.send_signal(signal.SIGCONT)
    for name in ("stopped", "other"):
        assert "Traceback" not in installation.log_of(name)
