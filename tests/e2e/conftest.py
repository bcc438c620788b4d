"""A whole installation for the tests through official clients: one api and runner, two gateways, real Redis, SQLite."""

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from runcast_core.accounts import Role
from runcast_core.identifiers import new_id
from runcast_core.tokens import HmacTokens
from tests.conftest import missing
from tests.parts import Part, free_port

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


@pytest.fixture(scope="session")
def javascript_client() -> None:
    """Skip, with the reason, where the official JavaScript client cannot run."""
    if not (Path(__file__).parent / "node_modules" / "socket.io-client").is_dir():
        missing("socket.io-client is missing: install node and npm, then `make test`")


@pytest.fixture(scope="session")
def installation(redis_part: Part, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    directory = tmp_path_factory.mktemp("installation")
    shared = {
        "REDIS_URL": redis_part.url,
        "JWT_SECRET": SECRET,
        "RUNCAST_SQLITE_PATH": str(directory / "runcast.sqlite"),
        "RUNCAST_HOST": "127.0.0.1",
        "RUNCAST_CALLBACK_TOKEN": CALLBACK_TOKEN,
        "RUNCAST_GLOBAL_FALLBACK": "true",
        "RUNCAST_EXECUTOR": "process",
        "RUNCAST_PROCESS_DIR": str(directory / "processes"),
        "RUNCAST_CONCURRENCY": "8",
        "RUNCAST_POLL": "1",
        "RUNCAST_LEASE_MS": "3000",
    }
    with ExitStack() as stack:
        urls = {
            name: stack.enter_context(_service(module, name, directory, shared))
            for name, module in (
                ("api", "runcast_api"),
                ("gateway-1", "runcast_gateway"),
                ("gateway-2", "runcast_gateway"),
                ("runner", "runcast_runner"),
            )
        }
        yield Installation(urls["api"], (urls["gateway-1"], urls["gateway-2"]), directory)


@pytest.fixture
async def http(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=installation.api, timeout=15) as client:
        yield client


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
