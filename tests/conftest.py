"""The real parts, each started once in each process for the tests that need it; the report names them with versions."""

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

import pytest

from runcast_core.bus.redis.bus import RedisBus, open_redis_bus
from tests.parts.engine import build_busybox_image
from tests.parts.mongodb import start_mongodb
from tests.parts.part import Missing, Part, find_javascript_client
from tests.parts.redis.cluster import start_redis_cluster
from tests.parts.redis.server import start_redis

DEMANDED = os.environ.get("RUNCAST_TEST_DEMAND") == "all"
STARTS: dict[str, Callable[[], AbstractContextManager[Part]]] = {
    "Redis": start_redis,
    "Redis Cluster": start_redis_cluster,
    "MongoDB": start_mongodb,
    "Docker": lambda: nullcontext(build_busybox_image()),
    "JavaScript": lambda: nullcontext(find_javascript_client()),
}
NEEDS = {
    "redis_part": "Redis",
    "redis_cluster_part": "Redis Cluster",
    "mongodb_part": "MongoDB",
    "busybox_image": "Docker",
    "javascript_client": "JavaScript",
    "redis": "Redis",
    "redis-cluster": "Redis Cluster",
    "mongodb": "MongoDB",
}
"""The part that a fixture, or a parameter of one, stands for."""


class Parts:
    """What was started so far, or why it could not be."""

    def __init__(self) -> None:
        self.running = ExitStack()
        self._found: dict[str, Part | Missing] = {}
        self.told: set[str] = set()
        """By workers, which have no terminal and parts of their own."""

    def look(self, name: str) -> Part | Missing:
        """Start the part unless that was tried. A part that is there and broken, such as a dead URL, ends the run."""
        if name not in self._found:
            try:
                self._found[name] = self.running.enter_context(STARTS[name]())
            except Missing as reason:
                self._found[name] = reason
            except (RuntimeError, AssertionError) as exc:
                pytest.exit(f"{name}: {exc}", returncode=1)
        return self._found[name]

    def get(self, name: str) -> Part:
        found = self.look(name)
        if isinstance(found, Missing):
            missing(str(found))
        assert isinstance(found, Part)
        return found

    def lines(self) -> list[str]:
        return [f"real part {name}: {_told(found)}" for name, found in self._found.items()]


_PARTS = pytest.StashKey[Parts]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_PARTS] = Parts()


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[_PARTS].running.close()


def pytest_report_collectionfinish(config: pytest.Config, items: list[pytest.Item]) -> list[str]:
    """Start what the collected tests need, and name it before the first of them runs."""
    names = {name for item in items for name in _names(item)}
    parts = config.stash[_PARTS]
    for name in {NEEDS[name]: None for name in NEEDS if name in names}:
        parts.look(name)
    return parts.lines()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell, in a worker, what it started."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["parts"] = session.config.stash[_PARTS].lines()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[_PARTS].told.update(getattr(node, "workeroutput", {}).get("parts", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in sorted(config.stash[_PARTS].told):
        terminalreporter.write_line(line)


def _names(item: pytest.Item) -> list[object]:
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return [*getattr(item, "fixturenames", ()), *(value for value in parameters if isinstance(value, str))]


def _told(found: Part | Missing) -> str:
    return found.description if isinstance(found, Part) else f"none, {found}"


def missing(reason: str) -> None:
    """Skip, or fail where every part is demanded, as in CI."""
    (pytest.fail if DEMANDED else pytest.skip)(reason)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def redis_part(pytestconfig: pytest.Config) -> Part:
    return pytestconfig.stash[_PARTS].get("Redis")


@pytest.fixture(scope="session")
def redis_cluster_part(pytestconfig: pytest.Config) -> Part:
    return pytestconfig.stash[_PARTS].get("Redis Cluster")


@pytest.fixture(scope="session")
def mongodb_part(pytestconfig: pytest.Config) -> Part:
    return pytestconfig.stash[_PARTS].get("MongoDB")


@pytest.fixture(scope="session")
def busybox_image(pytestconfig: pytest.Config) -> str:
    """The name of the image that tests build; its shell and tools are busybox."""
    return pytestconfig.stash[_PARTS].get("Docker").url


@pytest.fixture(scope="session")
def javascript_client(pytestconfig: pytest.Config) -> None:
    """Skips, with the reason, where the official JavaScript client cannot run."""
    pytestconfig.stash[_PARTS].get("JavaScript")


@pytest.fixture
async def redis_bus(redis_part: Part) -> AsyncIterator[RedisBus]:
    async with open_redis_bus(redis_part.url) as bus:
        yield bus
