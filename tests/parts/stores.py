"""What the store's tests share: the adapters to run over, and records to put in."""

from collections.abc import Iterator
from typing import Any

import pytest

from runcast_core.model.clock import now_ms
from runcast_core.model.executions import Execution, ExecutionSummary, Status
from runcast_core.model.identifiers import new_id
from runcast_core.store.listing import Wanted
from runcast_core.store.store import ANNOUNCE_GRACE_MS
from tests.parts.part import Part


@pytest.fixture(params=["sqlite", "mongodb"])
def store_url(request: pytest.FixtureRequest, tmp_path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite://{tmp_path}/runcast.sqlite"
        return
    part: Part = request.getfixturevalue("mongodb_part")
    yield f"{part.url}/rc_{new_id()}"


def requested(organization_id: str, task_id: str | None = None, **fields: Any) -> Execution:
    """Return an execution so old that it is claimed without having been announced."""
    now = now_ms() - 2 * ANNOUNCE_GRACE_MS
    request = {"image": "busybox", "config": {"envVars": {"A.b$": "1"}}}
    defaults = {"image": "busybox", "created_at": now, "updated_at": now, "request": request}
    return Execution(organization_id, task_id or new_id(), **{**defaults, **fields})


def summary_of(execution: Execution) -> ExecutionSummary:
    """Return what is told of the execution where many are."""
    return ExecutionSummary(**{name: getattr(execution, name) for name in ExecutionSummary.__match_args__})


def only(*statuses: Status) -> Wanted:
    """Return what a list of these statuses is asked for."""
    return Wanted(statuses=frozenset(statuses))
