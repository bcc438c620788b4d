"""A process executor in a folder of its own, in each kind of namespace that this machine permits, and jobs for it."""

from pathlib import Path

import pytest

from runcast_core.model.identifiers import new_id
from runcast_runner.executors.executor import Job, Limits
from runcast_runner.executors.process.executor import ProcessExecutor
from runcast_runner.executors.process.namespace import PID_NAMESPACE, USER_NAMESPACE, permitted
from tests.conftest import missing

NAMESPACES = {"PID": PID_NAMESPACE, "user": USER_NAMESPACE, "none": ()}


@pytest.fixture(params=NAMESPACES)
def namespace(request: pytest.FixtureRequest) -> tuple[str, ...]:
    namespace = NAMESPACES[request.param]
    if not permitted(namespace):
        missing(f"{request.param} namespaces are not permitted here")
    return namespace


@pytest.fixture
def executor(namespace: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProcessExecutor:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "jobs"))
    (tmp_path / "jobs").mkdir()
    return ProcessExecutor(tmp_path / "notes", allowed=True, namespace=namespace)


def local_job(command, image: str = "local", **environment: str) -> Job:
    return Job("org", new_id(), 1, image, command, environment, Limits(64, 1, 64))
