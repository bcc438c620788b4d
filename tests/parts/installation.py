"""A whole installation as processes: one api, runners, two gateways, real Redis, and SQLite unless told."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from runcast_core.access.tokens import HmacTokens
from runcast_core.model.accounts import Role
from runcast_core.model.identifiers import new_id
from tests.parts.conditions import until, wait_until
from tests.parts.part import ended_after, reserved_port

SECRET = "a secret of thirty-two characters, for tests"
SECRETS_KEY = "a key of thirty-two characters or more for tests"
CALLBACK_TOKEN = "callback token of the tests"


@dataclass(frozen=True)
class Service:
    """One of its processes."""

    url: str
    process: "subprocess.Popen[bytes]"


@dataclass(frozen=True)
class Installation:
    """Where its services are, and tokens for any organization."""

    services: dict[str, Service]
    logs: Path
    settings: dict[str, str]

    @property
    def api(self) -> str:
        return self.services["api"].url

    @property
    def gateways(self) -> tuple[str, str]:
        return self.services["gateway-1"].url, self.services["gateway-2"].url

    def token(self, organization_id: str, role: Role = Role.ADMIN, **options: Any) -> str:
        return HmacTokens(SECRET, **options).issue(new_id(), organization_id, role)

    def headers(self, organization_id: str, role: Role = Role.ADMIN) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token(organization_id, role)}"}

    @contextmanager
    def running_runner(self, name: str, *, ready: bool = True, **settings: str) -> Iterator[Service]:
        """Run one more, or one of a name that ran before; what it logs replaces what that one did. It is ready on entry
        unless told, as its store may be down."""
        with _service("runcast_runner", name, self.logs, {**self.settings, **settings}) as service:
            if ready:
                _until_ready(service, self.logs / f"{name}.log")
            yield service

    @contextmanager
    def running_gateway(self, name: str) -> Iterator[Service]:
        """Run one more."""
        with _service("runcast_gateway", name, self.logs, self.settings) as service:
            _until_ready(service, self.logs / f"{name}.log")
            yield service

    def log_of(self, service: str) -> str:
        return (self.logs / f"{service}.log").read_text()


@contextmanager
def started_installation(
    redis_url: str, directory: Path, *, runners: Sequence[str] = ("runner",), api: bool = True, **settings: str
) -> Iterator[Installation]:
    """Run the services while the context is open; `settings` change or add variables."""
    shared = {
        "REDIS_URL": redis_url,
        "JWT_SECRET": SECRET,
        "RUNCAST_SQLITE_PATH": str(directory / "runcast.sqlite"),
        "RUNCAST_HOST": "127.0.0.1",
        "RUNCAST_CALLBACK_TOKEN": CALLBACK_TOKEN,
        "RUNCAST_SECRETS_KEY": SECRETS_KEY,
        "RUNCAST_EXECUTOR": "process",
        "RUNCAST_CONCURRENCY": "8",
        "RUNCAST_POLL": "1",
        "RUNCAST_LEASE_MS": "3000",
        "RUNCAST_DRAIN_WINDOW": "2",
        **settings,
    }
    modules = {"api": "runcast_api", "gateway-1": "runcast_gateway", "gateway-2": "runcast_gateway"}
    modules |= dict.fromkeys(runners, "runcast_runner")
    if not api:
        del modules["api"]
    with ExitStack() as stack:
        services = {
            name: stack.enter_context(_service(module, name, directory, shared)) for name, module in modules.items()
        }
        for name, service in services.items():
            _until_ready(service, directory / f"{name}.log")
        yield Installation(services, directory, shared)


@contextmanager
def _service(module: str, name: str, directory: Path, settings: dict[str, str]) -> Iterator[Service]:
    own = {"RUNCAST_RUNNER_ID": name, "RUNCAST_PROCESS_DIR": str(directory / name), "RUNCAST_SPILL_DIR": str(directory)}
    arguments = [sys.executable, "-m", module]
    with (
        reserved_port() as port,
        (directory / f"{name}.log").open("w") as output,
        subprocess.Popen(
            arguments, env={**os.environ, **settings, **own, "RUNCAST_PORT": str(port)}, stdout=output, stderr=output
        ) as process,
        ended_after(process, 15),
    ):
        yield Service(f"http://127.0.0.1:{port}", process)


async def until_ready(http: httpx.AsyncClient, url: str, status: int = 200) -> None:
    """Wait until a service answers so when it is asked whether it is ready."""

    async def answers() -> bool:
        return (await http.get(f"{url}/readyz")).status_code == status

    await until(answers, instead=lambda: url)


def _until_ready(service: Service, log: Path) -> None:
    def ready() -> bool:
        assert service.process.poll() is None, f"{log.stem} has ended: {log.read_text()[-3000:]}"
        with suppress(httpx.TransportError):
            return httpx.get(f"{service.url}/readyz").status_code == 200
        return False

    wait_until(ready, 30, instead=lambda: f"{log.stem}: {log.read_text()[-3000:]}")
