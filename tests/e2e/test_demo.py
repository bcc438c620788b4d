"""`runcast demo` as a newcomer runs it, with variables exported that belong to another installation."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.parts.conditions import wait_until
from tests.parts.part import ended_after

EXPORTED = {
    "RUNCAST_EXECUTOR": "docker",
    "RUNCAST_HOST": "192.0.2.1",
    "RUNCAST_LEASE_MS": "soon",
    "RUNCAST_DEMO_PASSWORD": "short",
    "JWT_SECRET": "short",
    "JWT_ISSUER": "another",
    "JWKS_URL": "http://127.0.0.1:1/",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "MONGODB_URL": "mongodb://127.0.0.1:1/",
    "HTTP_PROXY": "http://127.0.0.1:1/",
}


@contextmanager
def _demo(folder: Path) -> "Iterator[subprocess.Popen[str]]":
    with (
        subprocess.Popen(
            [sys.executable, "-m", "runcast", "demo"],
            env={**os.environ, **EXPORTED, "TMPDIR": str(folder)},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process,
        ended_after(process, 60),
    ):
        yield process


def _started_in(folder: Path) -> list[int]:
    """Return the processes that a demo with this folder started and left."""
    found = []
    for path in Path("/proc").iterdir():
        try:
            if path.name.isdigit() and f"TMPDIR={folder}".encode() in (path / "environ").read_bytes().split(b"\0"):
                found.append(int(path.name))
        except OSError:
            continue
    return found


def test_it_passes_whatever_is_exported(tmp_path: Path):
    """It shows its own installation, with processes; nothing of it stays."""
    with _demo(tmp_path) as process:
        told = process.communicate(timeout=90)[0]
    assert process.returncode == 0
    assert told.splitlines()[-1] == "demo: PASSED: org A saw 6 events, org B saw 0"
    assert list(tmp_path.iterdir()) == _started_in(tmp_path) == []


def test_ctrl_c_leaves_nothing(tmp_path: Path):
    """In the middle of the execution, to the whole group as a terminal sends it: its server is let drain."""
    with _demo(tmp_path) as process:
        assert process.stdout is not None
        assert any("hello 1" in line for line in process.stdout)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(60) == 1
        wait_until(lambda: _started_in(tmp_path) == [])
    assert list(tmp_path.iterdir()) == _started_in(tmp_path) == []
