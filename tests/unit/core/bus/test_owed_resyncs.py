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


def _oldest(owed: OwedResyncs, most: int = 10) -> list[tuple[str, str | None]]:
    return [(debt.organization_id, debt.task_id) for debt in owed.oldest(most)]


def test_each_debt_is_remembered_once(owed: OwedResyncs):
    """The oldest is paid first, and is owed until it is settled."""
    for task_id in ("1", "2", "1"):
        owed.add("a", task_id)
    owed.add("b", "1")
    assert len(owed) == 3
    assert _oldest(owed, 2) == [("a", "1"), ("a", "2")]
    for debt in owed.oldest(2):
        owed.settle(debt)
    assert _oldest(owed) == [("b", "1")]
    owed.settle(owed.oldest(1)[0])
    assert (_oldest(owed), len(owed)) == ([], 0)


def test_what_is_owed_anew_while_it_is_paid_stays_owed(owed: OwedResyncs):
    """What was stored after the `resync` was sent needs another."""
    owed.add("a", "1")
    [paid] = owed.oldest(1)
    owed.add("a", "1")
    owed.settle(paid)
    assert _oldest(owed) == [("a", "1")]


def test_a_debt_can_be_taken_by_whoever_publishes_of_its_execution(owed: OwedResyncs):
    """It is settled once, by whoever comes first; another execution's is not taken along."""
    owed.add("a", "1")
    owed.add("a", "2")
    [paid, _] = owed.oldest(2)
    assert owed.take("a", "1") == paid
    owed.settle(paid)
    assert (owed.take("a", "1"), owed.take("b", "2"), owed.take("a", None)) == (None, None, None)
    assert _oldest(owed) == [("a", "2")]


def test_an_organization_that_cannot_be_paid_holds_up_no_other(owed: OwedResyncs):
    """As where a node of a cluster is away; what was settled meanwhile is not owed again."""
    for debt in (("a", "1"), ("a", "2"), ("b", "1")):
        owed.add(*debt)
    owed.postpone(owed.oldest(1)[0])
    assert _oldest(owed) == [("b", "1"), ("a", "1"), ("a", "2")]
    [first, *_] = owed.oldest(3)
    owed.settle(first)
    owed.postpone(first)
    assert _oldest(owed) == [("a", "1"), ("a", "2")]


@pytest.mark.parametrize("tasks", [["1", "2", "3", "4"], ["1", None], [None, "1"], [None, None]])
def test_many_executions_are_one_debt(owed: OwedResyncs, tasks: list[str | None]):
    """As is everything, with which each execution of the organization is told, too."""
    for task_id in tasks:
        owed.add("a", task_id)
    owed.add("b", "1")
    assert _oldest(owed) == [("a", None), ("b", "1")]
    assert owed.take("a", "9") == owed_resyncs.Debt("a", None, len(tasks) - 1)
    assert _oldest(owed) == [("b", "1")]


def test_too_many_organizations_are_counted_and_logged(owed: OwedResyncs):
    """Nothing more is remembered of them, while those that are remembered can owe more."""
    with capture_logs() as logs:
        for organization_id in ("a", "b", "c", "a"):
            owed.add(organization_id, organization_id)
        owed.add("a", "2")
    assert owed.forgotten == 1
    assert [entry["organization"] for entry in logs] == ["c"]
    assert _oldest(owed) == [("a", "a"), ("a", "2"), ("b", "b")]


async def test_waiting_ends_with_a_debt(owed: OwedResyncs):
    """And does not begin while one is left."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(owed.wait)
        await anyio.wait_all_tasks_blocked()
        owed.add("a", "1")
    with anyio.fail_after(1):
        await owed.wait()
