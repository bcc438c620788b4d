"""`python -m runcast_runner` where it cannot start."""

import os
import socket
import sys
from pathlib import Path

import anyio
import pytest

STARTS = {"RUNCAST_EXECUTOR": "process", "RUNCAST_HOST": "127.0.0.1", "REDIS_URL": "redis://127.0.0.1:1/0"}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"RUNCAST_LEASE_MS": "soon"}, "RUNCAST_LEASE_MS"),
        ({"RUNCAST_PORT": "0", "RUNCAST_PROCESS_DIR": "/proc/none"}, "RUNCAST_PROCESS_DIR: /proc/none cannot be used"),
        ({"RUNCAST_PORT": "0", "RUNCAST_SPILL_DIR": "/proc/none"}, "RUNCAST_SPILL_DIR: /proc/none/runcast-spill-"),
        ({}, "RUNCAST_PORT"),
        ({"RUNCAST_HOST": "no.such.host.invalid"}, "RUNCAST_HOST"),
    ],
    ids=["a wrong value", "a folder for notes", "a folder for output", "a port that is taken", "a host that is none"],
)
async def test_what_is_in_the_way_is_told_in_one_line(tmp_path: Path, settings, message):
    """And with status 1, as by the other services: no traceback, no warning of Python's."""
    with socket.create_server(("127.0.0.1", 0)) as holder:
        own = {"RUNCAST_SQLITE_PATH": str(tmp_path / "s"), "RUNCAST_SPILL_DIR": str(tmp_path)}
        given = {"RUNCAST_PORT": str(holder.getsockname()[1]), **own, **settings}
        arguments = [sys.executable, "-m", "runcast_runner"]
        done = await anyio.run_process(arguments, env={**os.environ, **STARTS, **given}, check=False)
    assert done.returncode == 1
    told = done.stderr.decode()
    assert told.startswith("runcast-runner: ")
    assert message in told
    assert len(told.splitlines()) == 1
