"""A whole installation as processes: one api and runner, two gateways, real Redis, SQLite."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from runcast_core.accounts import Role
from runcast_core.identifiers import new_id
from runcast_core.tokens import HmacTokens
from tests.parts import free_port

SECRET = "a secret of thirty-two characters, for tests"
CALLBACK_TOKEN = "callback token of the tests"


@dataclass(frozen=True)
class Installation:
    """Where its services are, and tokens for any organization."""

    api: str
    gateways: tuple[str, str]
    logs: Path

    def token(self, organization_id: str, role: Role = Role.ADMIN, **options) -> str:
        return HmacTokens(SECRET, **options).issue(new_id(), organization_id, role)

    def headers(self, organization_id: str, role: Role = Role.ADMIN) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(organization_id, role)}"}

    def log_of(self, service: str) -> str:
        return (self.logs / f"{service}.log").read_text()


@contextmanager
def started_installation(redis_url: str, directory: Path, **settings: str) -> Iterator[Installation]:
    """Run the services while the context is open; `settings` change or add variables."""
    shared = {
        "REDIS_URL": redis_url,
        "JWT_SECRET": SECRET,
        "RUNCAST_SQLITE_PATH": str(directory / "runcast.sqlite"),
        "RUNCAST_HOST": "127.0.0.1",
        "RUNCAST_CALLBACK_TOKEN": CALLBACK_TOKEN,
        "RUNCAST_EXECUTOR": "process",
        "RUNCAST_PROCESS_DIR": str(directory / "processes"),
        "RUNCAST_CONCURRENCY": "8",
        "RUNCAST_POLL": "1",
        "RUNCAST_LEASE_MS": "3000",
        **settings,
    }
    modules = {"api": "api", "gateway-1": "gateway", "gateway-2": "gateway", "runner": "runner"}
    with ExitStack() as stack:
        urls = {
            name: stack.enter_context(_service(f"runcast_{module}", name, directory, shared))
            for name, module in modules.items()
        }
        yield Installation(urls["api"], (urls["gateway-1"], urls["gateway-2"]), directory)


@contextmanager
def _service(module: str, name: str, directory: Path, settings: dict[str, str]) -> Iterator[str]:
    port = free_port()
    environment = {**os.environ, **settings, "RUNCAST_PORT": str(port)}
    with (directory / f"{name}.log").open("w") as output:
        arguments = [sys.executable, "-m", module]
        with subprocess.Popen(arguments, env=environment, stdout=output, stderr=output) as process:
            try:
                _until_ready(f"http://127.0.0.1:{port}/readyz", process, directory / f"{name}.log")
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()
                try:
                    process.wait(15)
                except subprocess.TimeoutExpired:
                    process.kill()


def _until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"{url} is not ready: {log.read_text()[-3000:]}")
