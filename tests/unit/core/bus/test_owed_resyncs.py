"""What is remembered of publishes that failed, and how much of it."""

import anyio
import pytest
from structlog.testing import capture_logs

from runcast_core.bus import owed_resyncs
from runcast_core.bus.owed_resyncs import OwedResyncs


@pytest.fixture
def owed(monkeypatch: pytest.MonkeyPatch) -> OwedResyncs:
    monkeypatch.setattr(owed_resyncs, "TASKS", 3)
    monkeypatch.setattr(owed_resyncs, "ORGANIZATIONS", 2)
    return OwedResyncs()


def test_each_debt_is_remembered_once(owed: OwedResyncs):
    """The oldest is taken first, and is then owed no more."""
    for task_id in ("1", "2", "1"):
        owed.add("a", task_id)
    owed.add("b", "1")
    assert len(owed) == 3
    assert owed.take(2) == [("a", "1"), ("a", "2")]
    assert owed.take(2) == [("b", "1")]
    assert (owed.take(2), len(owed)) == ([], 0)


@pytest.mark.parametrize("tasks", [["1", "2", "3", "4"], ["1", None], [None, "1"], [None, None]])
def test_many_executions_are_one_debt(owed: OwedResyncs, tasks: list[str | None]):
    """As is everything, with which each execution of the organization is told, too."""
    for task_id in tasks:
        owed.add("a", task_id)
    owed.add("b", "1")
    assert owed.take(10) == [("a", None), ("b", "1")]


def test_too_many_organizations_are_counted_and_logged(owed: OwedResyncs):
    """Nothing more is remembered of them, while those that are remembered can owe more."""
    with capture_logs() as logs:
        for organization_id in ("a", "b", "c", "a"):
            owed.add(organization_id, organization_id)
        owed.add("a", "2")
    assert owed.forgotten == 1
    assert [entry["organization"] for entry in logs] == ["c"]
    assert owed.take(10) == [("a", "a"), ("a", "2"), ("b", "b")]


async def test_waiting_ends_with_a_debt(owed: OwedResyncs):
    """And does not begin while one is left."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(owed.wait)
        await anyio.wait_all_tasks_blocked()
        owed.add("a", "1")
    with anyio.fail_after(1):
        await owed.wait()
