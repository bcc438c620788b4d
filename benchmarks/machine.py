"""What the figures were measured on: processor, kernel, versions; nothing that names the host."""

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import redis

from benchmarks.systems import PEERS, Site

_PYTHON = ("python-socketio", "uvicorn", "runcast")
_NODE = ("socket.io", "@socket.io/redis-adapter")


def facts(redis_port: int) -> dict[str, Any]:
    with redis.Redis.from_url(Site(0, 0, redis_port).redis_url) as client:
        server: Any = client.info("server")
    versions = {
        "python": platform.python_version(),
        **{name: version(name) for name in _PYTHON},
        "node": subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()[1:],
        **{name: _node_version(name) for name in _NODE},
        "redis": server.get("valkey_version") or server["redis_version"],
    }
    return {
        "measuredOn": datetime.now(UTC).date().isoformat(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "kernel": f"{platform.system()} {platform.release()}",
        "versions": versions,
    }


def _cpu() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _node_version(package: str) -> str:
    told = json.loads((PEERS / "node_modules" / package / "package.json").read_text())
    return str(told["version"])
