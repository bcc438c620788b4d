"""A process executor in a folder of its own, in each kind of namespace that this machine permits, and jobs for it."""

from pathlib import Path
from typing import Any

import anyio
import pytest

from runcast_core.model.identifiers import new_id
from runcast_runner.executors.executor import Job, Limits
from runcast_runner.executors.process.executor import ProcessExecutor
from runcast_runner.executors.process.namespace import PID_NAMESPACE, USER_NAMESPACE, permitted
from tests.conftest import missing

GRACE_S = 61
"""Longer than a test waits for anything, though no longer than one that fails may take; nothing else takes as long."""
NAMESPACES = {"PID": PID_NAMESPACE, "user": USER_NAMESPACE, "none": ()}


class Grace:
    """The time that a job is given to end: `GRACE_S`, or until the test ends it."""

    def __init__(self) -> None:
        self._given: list[anyio.CancelScope] = []

    def add(self, given: anyio.CancelScope) -> None:
        self._given.append(given)

    @property
    def begun(self) -> bool:
        return self._given != []

    def end(self) -> None:
        [given] = self._given
        given.cancel()


@pytest.fixture
def grace(monkeypatch: pytest.MonkeyPatch) -> Grace:
    grace, move_on_after = Grace(), anyio.move_on_after

    def given(delay: float, **options: Any) -> anyio.CancelScope:
        scope = move_on_after(delay, **options)
        if delay == GRACE_S:
            grace.add(scope)
        return scope

    monkeypatch.setattr(anyio, "move_on_after", given)
    return grace


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
