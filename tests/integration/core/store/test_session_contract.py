"""The contract of sessions of pages, over every adapter."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import anyio
import pytest

from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import PageSession
from runcast_core.model.errors import NotFound
from runcast_core.model.identifiers import new_id
from runcast_core.store.mongo import page_sessions as mongo_sessions
from runcast_core.store.open import open_store
from runcast_core.store.sqlite import page_sessions as sqlite_sessions
from runcast_core.store.store import Store
from tests.parts.stores import store_url  # noqa: F401 - a fixture

DAY = 86_400_000


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        yield opened


def _session(organization_id: str = "a", user_id: str = "u", **fields: Any) -> PageSession:
    now = now_ms()
    session = PageSession(new_id(), organization_id, user_id, "hash-1", now, now, now + DAY, agent="Mozilla/5.0 \u00fc")
    return replace(session, **fields)


async def test_a_session_is_found_by_its_id_as_it_was_added(store: Store):
    """Every field comes back; an unknown id is nothing."""
    session = _session(rotated_at=5)
    await store.add_session(session)
    assert await store.session(session.session_id) == session
    assert await store.session(new_id()) is None


async def test_a_users_sessions_are_listed_the_last_used_first(store: Store):
    """Neither another user's nor another organization's are among them, nor one that expired."""
    old, new = (_session(last_used_at=at) for at in (1000, 2000))
    others = [_session("b"), _session(user_id="v"), _session(expires_at=now_ms() - 1)]
    for session in (old, new, *others):
        await store.add_session(session)
    assert await store.sessions("a", "u") == [new, old]
    assert await store.sessions("b", "u") == [others[0]]
    assert await store.sessions("a", "w") == []
    assert await store.session(others[2].session_id) is None


async def test_a_user_has_a_bounded_number_of_sessions(store: Store, monkeypatch: pytest.MonkeyPatch):
    """With one more, the one that was used longest ago goes; other users' stay."""
    for module in (sqlite_sessions, mongo_sessions):
        monkeypatch.setattr(module, "MAX_SESSIONS", 2)
    other = _session(user_id="v", last_used_at=1)
    sessions = [_session(last_used_at=at) for at in (3000, 2000, 4000)]
    for session in (other, *sessions):
        await store.add_session(session)
    assert await store.sessions("a", "u") == [sessions[2], sessions[0]]
    assert await store.sessions("a", "v") == [other]


async def test_a_rotation_needs_the_newest_secret(store: Store):
    """The one before is kept beside the new one; neither it nor a stranger's rotates."""
    session = _session()
    await store.add_session(session)
    times = {"last_used_at": 7, "rotated_at": 7, "expires_at": now_ms() + 2 * DAY}
    rotated = replace(session, secret_hash="hash-2", **times)
    assert await store.rotate_session(session.session_id, "hash-1", "hash-2", at=7, expires_at=rotated.expires_at)
    assert await store.session(session.session_id) == rotated
    for stale in ("hash-1", "hash-0", ""):
        assert not await store.rotate_session(session.session_id, stale, "hash-3", at=9, expires_at=9)
    assert not await store.rotate_session(new_id(), "hash-2", "hash-3", at=9, expires_at=9)
    assert await store.session(session.session_id) == rotated


async def test_of_several_rotations_at_once_one_succeeds(store: Store):
    """Whatever each would make the newest."""
    session = _session()
    await store.add_session(session)
    done: list[int] = []

    async def rotate(number: int) -> None:
        if await store.rotate_session(
            session.session_id, "hash-1", f"new-{number}", at=number, expires_at=now_ms() + DAY
        ):
            done.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(rotate, number)
    found = await store.session(session.session_id)
    assert found is not None
    assert [f"new-{number}" for number in done] == [found.secret_hash]


async def test_a_session_is_ended_by_whose_it_is(store: Store):
    """Of another user or organization there is none of that id; what has ended is neither found nor rotated."""
    session = _session()
    await store.add_session(session)
    for organization_id, user_id in (("b", "u"), ("a", "v")):
        with pytest.raises(NotFound):
            await store.end_session(organization_id, user_id, session.session_id)
    assert await store.session(session.session_id) == session
    await store.end_session("a", "u", session.session_id)
    with pytest.raises(NotFound):
        await store.end_session("a", "u", session.session_id)
    assert await store.session(session.session_id) is None
    assert not await store.rotate_session(session.session_id, "hash-1", "hash-2", at=1, expires_at=now_ms() + DAY)


async def test_all_sessions_of_a_user_end_but_one(store: Store):
    """Or all; nobody else's, and it is no error where there are none."""
    kept, *rest = (_session() for _ in range(3))
    others = [_session("b"), _session(user_id="v")]
    for session in (kept, *rest, *others):
        await store.add_session(session)
    await store.end_sessions("a", "u", but=kept.session_id)
    assert await store.sessions("a", "u") == [kept]
    for _ in range(2):
        await store.end_sessions("a", "u")
        assert await store.sessions("a", "u") == []
    assert [await store.sessions("b", "u"), await store.sessions("a", "v")] == [[session] for session in others]
