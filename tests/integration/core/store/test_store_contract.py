"""The contract of accounts, executions and output, over every adapter."""

from collections.abc import AsyncIterator
from dataclasses import replace

import orjson
import pytest

from runcast_core.model.accounts import Organization, Role, User
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import Conflict, InvalidInput, NotFound, SettingError, StoreUnavailable
from runcast_core.model.executions import LogChunk, Source, Status
from runcast_core.model.identifiers import new_id
from runcast_core.store.listing import Position, Wanted
from runcast_core.store.log_store import PAGE_BYTES
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from tests.parts.conditions import until
from tests.parts.stores import only, requested, store_url, summary_of  # noqa: F401 - a fixture


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        yield opened


def _account(email: str) -> tuple[Organization, User]:
    organization = Organization(new_id(), "Acme", now_ms(), 3, retention_days=30, timeout_limit_s=60)
    return organization, User(new_id(), organization.organization_id, email, "U", Role.ADMIN, "hash", now_ms())


async def test_an_account_is_found_again_and_only_in_its_organization(store: Store):
    """Both records come back as they were; another organization does not see the user."""
    organization, user = _account("a@example.com")
    await store.create_account(organization, user)
    assert await store.user_by_email("a@example.com") == user
    assert await store.user(organization.organization_id, user.user_id) == user
    assert await store.user(new_id(), user.user_id) is None
    assert await store.user_by_email("b@example.com") is None
    assert await store.organization(organization.organization_id) == organization


async def test_an_email_address_is_taken_once_and_nothing_is_left_of_the_second(store: Store):
    """The second account is refused whole."""
    await store.create_account(*_account("a@example.com"))
    organization, user = _account("a@example.com")
    with pytest.raises(Conflict) as caught:
        await store.create_account(organization, user)
    assert caught.value.code == "EMAIL_TAKEN"
    assert await store.organization(organization.organization_id) is None


async def test_a_deleted_organization_stays_known_as_deleted(store: Store):
    """Known or not before, twice or once, it is deleted."""
    organization, user = _account("a@example.com")
    await store.create_account(organization, user)
    for organization_id in (organization.organization_id, "unknown", "unknown"):
        await store.delete_organization(organization_id)
        found = await store.organization(organization_id)
        assert found is not None
        assert found.deleted


async def test_the_same_request_is_the_same_execution_and_a_different_one_a_conflict(store: Store):
    """Creating is idempotent by (organization, task id, request); another organization is another execution."""
    first = requested("a", "t")
    assert await store.create_execution(first) == (first, True)
    assert await store.create_execution(replace(first, created_at=5)) == (first, False)
    with pytest.raises(Conflict) as caught:
        await store.create_execution(replace(first, request={"image": "other"}))
    assert caught.value.code == "TASK_EXISTS"
    assert (await store.create_execution(requested("b", "t")))[1]
    assert await store.execution("a", "t") == first
    assert await store.execution("c", "t") is None


async def test_fingerprints_decide_over_requests_whose_sealed_values_differ(store: Store):
    """One hash in common is the same request, also after a key rotation; none in common is another one."""
    first = replace(requested("a", "t"), request={"config": {"secrets": {"A": {"sealed": "1"}}}}, fingerprint="old")
    again = replace(first, request={"config": {"secrets": {"A": {"sealed": "2"}}}}, fingerprint="new old")
    assert await store.create_execution(first) == (first, True)
    assert await store.create_execution(again) == (first, False)
    with pytest.raises(Conflict):
        await store.create_execution(replace(first, fingerprint="other"))
    assert await store.execution("a", "t") == first


async def test_lists_are_newest_first_paged_filtered_and_of_one_organization(store: Store):
    """Pages meet without gap or overlap, also where times are equal."""
    created = [requested("a", f"t{i:02}", created_at=1000 + i // 3, image=f"i{i % 2}") for i in range(10)]
    for execution in [*created, requested("b")]:
        await store.create_execution(execution)
    newest_first = sorted(map(summary_of, created), key=lambda e: (e.created_at, e.task_id), reverse=True)
    first = await store.executions("a", limit=4)
    rest = await store.executions("a", after=Position(first[-1].created_at, first[-1].task_id))
    assert [*first, *rest] == newest_first
    assert await store.executions("a", Wanted(image="i1")) == [e for e in newest_first if e.image == "i1"]
    assert await store.executions("a", only(Status.RUNNING)) == []
    assert await store.executions("a", only(Status.PENDING)) == newest_first


async def test_where_many_are_asked_for_no_request_is_read(store: Store, monkeypatch: pytest.MonkeyPatch):
    """Lists, sweeps and leases take states only, and so does whoever asks for one state or a place in the queue."""
    await store.create_execution(requested("a", "claimed"))
    claimed = await store.claim("a", runner_id="r", lease_ms=1, limit=1)
    assert claimed is not None
    await store.create_execution(queued := requested("a", "queued", created_at=1))
    unread: list[object] = []
    monkeypatch.setattr(orjson, "loads", unread.append)
    states = [summary_of(claimed), summary_of(queued)]
    assert await store.executions("a") == states
    assert await until(store.expired) == await store.held_by("r") == states[:1]
    assert sorted(await store.unannounced(before=now_ms() + 1), key=lambda e: e.task_id) == states
    assert await store.summary("a", "queued") == states[1]
    assert await store.summary("b", "queued") is None
    assert await store.live_counts("a") == {Status.PENDING: 1, Status.RUNNING: 1}
    assert await store.queue_positions("a", ["queued"]) == {"queued": 1}
    assert not await store.renew("a", "claimed", claimed.fence, lease_ms=60_000)
    assert unread == []


async def test_cancelling_depends_on_who_runs_it(store: Store):
    """Queued or external: ended at once. Claimed: flagged without a new rev. Ended: refused. Unknown: not found."""
    await store.create_execution(requested("a", "queued"))
    cancelled = await store.request_cancel("a", "queued")
    assert (cancelled.status, cancelled.rev) == (Status.CANCELLED, 2)
    with pytest.raises(Conflict):
        await store.request_cancel("a", "queued")
    await store.create_execution(requested("a", "claimed"))
    claimed = await store.claim("a", runner_id="r", lease_ms=10_000, limit=1)
    assert claimed is not None
    flagged = await store.request_cancel("a", "claimed")
    assert (flagged.status, flagged.rev, flagged.cancel_requested) == (Status.RUNNING, claimed.rev, True)
    await store.record_external("a", "external", Status.RUNNING)
    assert (await store.request_cancel("a", "external")).status is Status.CANCELLED
    with pytest.raises(NotFound):
        await store.request_cancel("b", "claimed")


async def test_only_an_ended_execution_is_deleted_and_its_output_with_it(store: Store):
    """A live one is a conflict; another organization's is not found; the same task id may come again, empty."""
    await store.create_execution(requested("a", "t"))
    with pytest.raises(Conflict) as caught:
        await store.delete_execution("a", "t")
    assert caught.value.code == "STILL_LIVE"
    await store.append_logs([LogChunk("a", "t", 1, 1, "x", 1)])
    await store.request_cancel("a", "t")
    with pytest.raises(NotFound):
        await store.delete_execution("b", "t")
    await store.delete_execution("a", "t")
    assert await store.execution("a", "t") is None
    assert await store.read_logs("a", "t", attempt=1) == []


async def test_reports_of_workers_create_change_and_never_go_backwards(store: Store):
    """The first terminal status wins; None and earlier states change nothing; each change raises rev."""
    created = await store.record_external("a", "t", None)
    assert (created.status, created.source, created.rev) == (Status.RUNNING, Source.EXTERNAL, 1)
    assert await store.record_external("a", "t", None) == created
    assert (await store.record_external("a", "t", Status.PENDING)).rev == 1
    ended = await store.record_external("a", "t", Status.FAILED, error="boom", exit_code=3)
    assert (ended.status, ended.error, ended.exit_code, ended.rev) == (Status.FAILED, "boom", 3, 2)
    assert await store.record_external("a", "t", Status.PASSED) == ended
    other = await store.record_external("b", "t", Status.PASSED)
    assert (other.status, other.image) == (Status.PASSED, None)
    assert await store.execution("a", "t") == ended


async def test_output_is_read_in_order_by_attempt_and_a_duplicate_is_stored_once(store: Store):
    """A retried batch changes nothing; pages go on after a seq; other attempts and organizations are apart."""
    chunks = [LogChunk("a", "t", 1, seq, f"line {seq}", seq) for seq in range(1, 8)]
    others = [LogChunk("a", "t", 2, 1, "second attempt", 1), LogChunk("b", "t", 1, 1, "other", 1)]
    await store.append_logs([*chunks[:4], *others])
    await store.append_logs([replace(chunks[3], text="changed"), *chunks[4:]])
    assert await store.read_logs("a", "t", attempt=1) == chunks
    assert await store.read_logs("a", "t", attempt=1, after=2, limit=3) == chunks[2:5]
    assert await store.read_logs("a", "t", attempt=2) == others[:1]
    assert await store.read_logs("c", "t", attempt=1) == []


@pytest.mark.parametrize(("character", "size"), [("x", 1), ("é", 2), ("\U0001f600", 4)])
async def test_a_page_of_output_is_bounded_in_bytes(store: Store, character: str, size: int):
    """Of UTF-8. It ends with the chunk that reaches the bound, however long that is; pages follow without a gap."""
    assert PAGE_BYTES == 256 * 1024
    page_size = PAGE_BYTES // size
    lengths = [page_size // 4] * 5 + [page_size - 1, 1, 1, page_size + 1, 1, 1]
    for seq, length in enumerate(lengths, 1):
        await store.append_logs([LogChunk("a", "t", 1, seq, character * length, seq)])
    pages, after = [], 0
    while page := await store.read_logs("a", "t", attempt=1, after=after):
        pages.append([chunk.seq for chunk in page])
        after = page[-1].seq
    assert pages == [[1, 2, 3, 4], [5, 6], [7, 8, 9], [10, 11]]


async def test_output_of_workers_is_numbered_by_the_store(store: Store):
    """It is attempt 0, from 1 without gaps; an unknown execution is not found."""
    await store.record_external("a", "t", None)
    chunks = [await store.append_external_log("a", "t", f"l{i}", i) for i in range(3)]
    assert [(c.attempt, c.seq) for c in chunks] == [(0, 1), (0, 2), (0, 3)]
    assert await store.read_logs("a", "t", attempt=0) == chunks
    with pytest.raises(NotFound):
        await store.append_external_log("b", "t", "x", 1)
    assert await store.read_logs("b", "t", attempt=0) == []


async def test_a_state_is_unannounced_until_its_own_rev_was_announced(store: Store):
    """Announcing an older rev leaves a newer state unannounced."""
    execution = requested("a", "t", updated_at=1000)
    await store.create_execution(execution)
    assert await store.unannounced(before=1000) == []
    assert await store.unannounced(before=1001) == [summary_of(execution)]
    cancelled = await store.request_cancel("a", "t")
    await store.announced("a", "t", execution.rev)
    assert await store.unannounced(before=now_ms() + 1) == [summary_of(cancelled)]
    await store.announced("a", "t", cancelled.rev)
    assert await store.unannounced(before=now_ms() + 1) == []


async def test_it_answers_a_ping(store: Store):
    """An open store answers."""
    await store.ping()


@pytest.mark.parametrize("task_id", ["../x", "a/b", "..", "", "x" * 129])
async def test_a_path_is_no_task_id(store: Store, task_id: str):
    """Ids that could leave their key are refused before the store sees them."""
    with pytest.raises(InvalidInput):
        await store.create_execution(replace(requested("a"), task_id=task_id))


@pytest.mark.parametrize(
    "url", ["postgres://x", "sqlite:///no/such/folder/x.sqlite", "mongodb://[", "sqlite:///proc/x"]
)
async def test_a_wrong_url_is_a_setting_error(url: str):
    """The text says what is wrong and which variable, or which schemes there are."""
    with pytest.raises(SettingError):
        async with open_store(url):
            pass


async def test_an_absent_mongodb_is_unavailable_and_its_password_not_told(monkeypatch):
    """The error is temporary and holds nothing of the URL."""
    monkeypatch.setattr("runcast_core.store.mongo.store.TIMEOUT_MS", 200)
    with pytest.raises(StoreUnavailable) as caught:
        async with open_store("mongodb://user:secret@127.0.0.1:1/x"):
            pass
    assert "secret" not in caught.value.message
    assert caught.value.temporary
