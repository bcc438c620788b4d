"""The contract of lists of executions, over every adapter: what they may be asked for, and how far one call looks."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from runcast_core.model.executions import ExecutionSummary, Status
from runcast_core.store.listing import EVERY, LOOKED_AT, Position, Wanted
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from tests.parts.stores import only, requested, store_url, summary_of  # noqa: F401 - a fixture

LOOK = 4
Kept = Callable[[ExecutionSummary], bool]


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        yield opened


@pytest.fixture
async def history(store: Store) -> list[ExecutionSummary]:
    """Thirty executions of three statuses, newest first, some of the same age; another organization's beside them."""
    for number in range(30):
        execution = requested(
            "a",
            f"Task-{number:02}",
            created_at=1000 + number // 3,
            image=("alpine", "Alpine:3", "acme/app_1%")[number % 3],
            pool=("default", "gpu")[number % 2],
            requested_by=f"u{number % 5}",
            requested_by_name=f"User {number % 5}",
            command=f"echo {number}",
            max_attempts=1 + number % 3,
        )
        await store.create_execution(execution)
        await store.create_execution(replace(execution, organization_id="b"))
    for number in range(0, 30, 7):
        await store.request_cancel("a", f"Task-{number:02}")
    await store.record_external("a", "external", Status.RUNNING, image="Äpfel")
    found = await store.executions("a", limit=100)
    assert len(found) == 31
    return found


async def _walked(store: Store, wanted: Wanted, *, looked_at: int = LOOK, limit: int = 2) -> list[ExecutionSummary]:
    """Go through the list as the api does; what one call shows is within what it looks at."""
    seen: list[ExecutionSummary] = []
    after = None
    for _ in range(100):
        down_to = await store.horizon("a", wanted, after=after, looked_at=looked_at)
        found = await store.executions("a", wanted, after=after, down_to=down_to, limit=limit + 1)
        assert len(found) <= looked_at or down_to is None
        seen += found[:limit]
        after = Position(found[limit - 1].created_at, found[limit - 1].task_id) if len(found) > limit else down_to
        if after is None:
            return seen
    raise AssertionError("the list has no end")


FILTERS: dict[str, tuple[Wanted, Kept]] = {
    "all": (EVERY, lambda e: True),
    "status": (only(Status.CANCELLED), lambda e: e.status is Status.CANCELLED),
    "live": (only(Status.RUNNING), lambda e: e.status is Status.RUNNING),
    "statuses": (only(Status.CANCELLED, Status.RUNNING), lambda e: e.status is not Status.PENDING),
    "lives": (only(Status.PENDING, Status.RUNNING), lambda e: e.status is not Status.CANCELLED),
    "image": (Wanted(image="alpine"), lambda e: e.image == "alpine"),
    "prefix": (Wanted(image_prefix="Al"), lambda e: e.image == "Alpine:3"),
    "odd prefix": (Wanted(image_prefix="acme/app_1%"), lambda e: e.image == "acme/app_1%"),
    "prefix that is a pattern": (Wanted(image_prefix="acme/a.*"), lambda e: False),
    "any image": (Wanted(image_prefix=""), lambda e: e.image is not None),
    "user": (Wanted(requested_by="u3"), lambda e: e.requested_by == "u3"),
    "pool": (Wanted(pool="gpu"), lambda e: e.pool == "gpu"),
    "default pool": (Wanted(pool="default"), lambda e: e.pool == "default"),
    "since": (Wanted(since=1003), lambda e: e.created_at >= 1003),
    "until": (Wanted(until=1003), lambda e: e.created_at < 1003),
    "both": (Wanted(since=1002, until=1005), lambda e: 1002 <= e.created_at < 1005),
    "nothing between": (Wanted(since=1005, until=1005), lambda e: False),
    "task id": (Wanted(text="tASK-1"), lambda e: "task-1" in e.task_id.lower()),
    "image's text": (Wanted(text="PINE:"), lambda e: e.image == "Alpine:3"),
    "letters beyond ASCII": (Wanted(text="äPF"), lambda e: e.image == "Äpfel"),
    "a wildcard": (Wanted(text="app_1%"), lambda e: e.image == "acme/app_1%"),
    "an underscore": (Wanted(text="k_0"), lambda e: False),
    "an expression": (Wanted(text="Task.0"), lambda e: False),
    "a broken expression": (Wanted(text="(["), lambda e: False),
    "all of it": (
        Wanted(frozenset({Status.PENDING}), image="alpine", requested_by="u3", pool="gpu", since=1001, text="task"),
        lambda e: e.image == "alpine" and e.requested_by == "u3" and e.pool == "gpu" and e.created_at >= 1001,
    ),
}


@pytest.mark.parametrize(("wanted", "kept"), FILTERS.values(), ids=FILTERS)
async def test_a_list_shows_what_is_wanted_however_far_one_call_looks(
    store: Store, history: list[ExecutionSummary], wanted: Wanted, kept: Kept
):
    """Each once and in order, over pages that may be short; texts are no patterns."""
    expected = [execution for execution in history if kept(execution)]
    assert await store.executions("a", wanted, limit=100) == expected
    for looked_at in (1, LOOK, 1000):
        assert await _walked(store, wanted, looked_at=looked_at) == expected


async def test_one_call_goes_no_further_than_its_horizon(store: Store, history: list[ExecutionSummary]):
    """Also where a rare one is beyond it; with nothing to sift there is none, nor where all was looked at."""
    rare = Wanted(image="Äpfel", until=2000)
    end = await store.horizon("a", rare, looked_at=LOOK)
    assert end is not None
    within = [Position(e.created_at, e.task_id) for e in history if e.created_at < 2000][:LOOK]
    assert end == within[-1]
    oldest = Wanted(text="task-00")
    assert await store.executions("a", oldest, down_to=end) == []
    assert [e.task_id for e in await store.executions("a", oldest)] == ["Task-00"]
    assert await store.horizon("a", oldest, looked_at=31) is None
    assert await store.horizon("a", Wanted(text="task-29", since=1009), looked_at=4) is None, "since is the end"
    assert await store.horizon("a", Wanted(since=1001, until=1005), looked_at=1) is None
    assert await store.horizon("a", EVERY, looked_at=1) is None
    assert await store.horizon("a", oldest) is None
    assert LOOKED_AT == 10_000


async def test_what_lists_tell_is_kept(store: Store):
    """As it was when it was stored, also through claims and the end."""
    first = requested("a", "t", command="echo 1", max_attempts=3, requested_by="u", requested_by_name="Ada", priority=2)
    await store.create_execution(first)
    assert await store.executions("a") == [summary_of(first)]
    claimed = await store.claim("a", runner_id="r", lease_ms=60_000, limit=1)
    assert claimed is not None
    ended = await store.transition("a", "t", claimed.fence, Status.PASSED)
    told = ("command", "max_attempts", "requested_by", "requested_by_name", "priority", "pool")
    assert [getattr(ended, name) for name in told] == [getattr(first, name) for name in told]
    assert await store.summary("a", "t") == summary_of(ended)


async def test_live_executions_are_counted_by_status(store: Store, history: list[ExecutionSummary]):
    """The organization's own, external ones too; what ended counts no more."""
    assert await store.live_counts("a") == {Status.PENDING: 25, Status.RUNNING: 1}
    await store.record_external("a", "external", Status.ANALYZING)
    assert await store.live_counts("a") == {Status.PENDING: 25, Status.ANALYZING: 1}
    assert await store.live_counts("b") == {Status.PENDING: 30}
    assert await store.live_counts("nobody") == {}
