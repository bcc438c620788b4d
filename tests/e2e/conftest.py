"""The installation that the tests through official clients share."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.parts.installation import Installation, started_installation
from tests.parts.part import Part


@pytest.fixture(scope="session")
def installation(redis_part: Part, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    with started_installation(redis_part.url, folder, RUNCAST_GLOBAL_FALLBACK="true") as running:
        yield running


@pytest.fixture
async def http(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=installation.api, timeout=15) as client:
        yield client


@pytest.fixture(scope="session")
def strict(redis_part: Part, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One whose gateways have low bounds."""
    with started_installation(
        redis_part.url,
        tmp_path_factory.mktemp("strict"),
        runners=(),
        RUNCAST_SHED_BYTES="65536",
        RUNCAST_CUT_BYTES="262144",
        RUNCAST_MAX_SOCKETS_PER_ORGANIZATION="60",
        RUNCAST_MAX_SOCKETS_PER_USER="3",
        RUNCAST_MAX_MESSAGES_PER_SECOND="10",
        RUNCAST_MAX_MESSAGE_BYTES="16384",
        RUNCAST_MAX_WATCHED="3",
        RUNCAST_HANDSHAKE_TIMEOUT="2",
        RUNCAST_EXPIRY_WARNING="2",
        RUNCAST_DRAIN_WINDOW="1",
    ) as running:
        yield running
