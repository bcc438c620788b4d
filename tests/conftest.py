"""Session fixtures for the real parts; the report's header says which were used."""

import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, ExitStack

import pytest

from runcast_core.redis_bus import RedisBus, open_redis_bus
from tests.parts import Missing, Part, build_busybox_image, start_mongodb, start_redis

_USED = pytest.StashKey[dict[str, str]]()
DEMANDED = os.environ.get("RUNCAST_TEST_DEMAND") == "all"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_USED] = {}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, description in terminalreporter.config.stash[_USED].items():
        terminalreporter.write_line(f"real part {name}: {description}")


def pytest_report_header() -> list[str]:
    tools = [name for name in ("redis-server", "mongod", "java", "mvn", "docker", "node", "npm") if shutil.which(name)]
    return [f"on PATH: {', '.join(tools)}; the versions that were used stand at the end"]


def _part(config: pytest.Config, name: str, start: Callable[[], AbstractContextManager[Part]]) -> Iterator[Part]:
    with ExitStack() as stack:
        try:
            part = stack.enter_context(start())
        except Missing as reason:
            missing(str(reason))
        config.stash[_USED][name] = part.description
        yield part


def missing(reason: str) -> None:
    """Skip, or fail where every part is demanded, as in CI."""
    (pytest.fail if DEMANDED else pytest.skip)(reason)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def redis_part(pytestconfig: pytest.Config) -> Iterator[Part]:
    yield from _part(pytestconfig, "Redis", start_redis)


@pytest.fixture(scope="session")
def mongodb_part(pytestconfig: pytest.Config) -> Iterator[Part]:
    yield from _part(pytestconfig, "MongoDB", start_mongodb)


@pytest.fixture(scope="session")
def busybox_image(pytestconfig: pytest.Config) -> str:
    try:
        part = build_busybox_image()
    except Missing as reason:
        missing(str(reason))
    pytestconfig.stash[_USED]["Docker"] = part.description
    return part.url


@pytest.fixture
async def redis_bus(redis_part: Part) -> AsyncIterator[RedisBus]:
    async with open_redis_bus(redis_part.url) as bus:
        yield bus
