"""The installation that the tests through official clients share."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests.installation import Installation, started_installation
from tests.parts import Part


@pytest.fixture(scope="session")
def installation(redis_part: Part, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    folder = tmp_path_factory.mktemp("installation")
    with started_installation(redis_part.url, folder, RUNCAST_GLOBAL_FALLBACK="true") as running:
        yield running


@pytest.fixture
async def http(installation: Installation) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=installation.api, timeout=15) as client:
        yield client
