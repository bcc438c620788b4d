"""A Docker executor on the engine of this machine, of an installation of its own: other runs remove nothing of it."""

from collections.abc import Iterator

import pytest

from runcast_core.model.executions import Phase
from runcast_core.model.identifiers import new_id
from runcast_runner.executors.docker.executor import DockerExecutor, connect_docker


@pytest.fixture
def executor(busybox_image: str) -> Iterator[DockerExecutor]:
    name = f"test-{new_id()}"
    executor = connect_docker(name, installation=name, kill_grace_s=0)
    yield executor
    executor._client.close()


async def any_phase(phase: Phase) -> None:
    """Take what a job waits for, where that is none of the test's concern."""
