"""The contract of keys and one-time links, over every adapter."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import anyio
import pytest

from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import Credential, CredentialKind, PageSession, new_secret, secret_hash
from runcast_core.model.errors import Conflict, NotFound
from runcast_core.model.identifiers import new_id
from runcast_core.store import credential_store
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from tests.parts.conditions import until
from tests.parts.stores import store_url  # noqa: F401 - a fixture

API_KEY, WORKER_KEY, INVITATION, RESET = CredentialKind


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        yield opened


def credential(kind: CredentialKind = API_KEY, organization_id: str = "a", **fields: Any) -> Credential:
    hashed = secret_hash(new_secret(kind))
    return Credential(new_id(), organization_id, kind, hashed, "u", **({"created_at": now_ms()} | fields))


async def added(store: Store, *credentials: Credential) -> tuple[Credential, ...]:
    for each in credentials:
        await store.add_credential(each)
    return credentials


@pytest.mark.parametrize("kind", CredentialKind)
async def test_a_credential_is_found_by_its_hash(store: Store, kind: CredentialKind):
    """As it was, whatever is left out of it; and by no other hash."""
    whole = credential(
        kind, name="CI \u00fc", role=Role.VIEWER, pools=("gpu", "a.b$"), images=("alpine:3", "x/*"), expires_at=2**52
    )
    bare, used = credential(kind), credential(kind, last_used_at=7)
    for each in await added(store, whole, bare, used):
        assert await store.credential(each.secret_hash) == each
    for none in ("", "x", whole.secret_hash[:-1], whole.secret_hash.upper(), whole.credential_id):
        assert await store.credential(none) is None


async def test_an_expired_one_is_as_good_as_none(store: Store):
    """For every verb that gives one out; at the very time of its end it is over."""
    ends = now_ms() + 300
    kinds = list(CredentialKind)
    every = await added(store, *(credential(kind, expires_at=ends) for kind in kinds))
    lasting = (await added(store, credential(expires_at=ends + 3_600_000)))[0]
    await until(lambda: now_ms() >= ends)
    for each in every:
        assert await store.credential(each.secret_hash) is None
        assert await store.spend_credential(each.secret_hash, each.kind) is None
    assert await store.credentials("a", kinds) == [lasting]
    assert await store.credentials_after(API_KEY, "") == [lasting]
    assert await store.credential(lasting.secret_hash) == lasting


async def test_a_list_is_of_one_organization_and_of_the_kinds_asked_for(store: Store):
    """Oldest first, by id where they are of the same moment."""
    first, second = credential(created_at=1), credential(created_at=2)
    worker, other = credential(WORKER_KEY, created_at=3), credential(organization_id="b")
    same = sorted((credential(created_at=4) for _ in range(4)), key=lambda each: each.credential_id)
    await added(store, worker, *reversed(same), second, first, other, credential(INVITATION), credential(RESET))
    assert await store.credentials("a", [API_KEY, WORKER_KEY]) == [first, second, worker, *same]
    assert await store.credentials("a", {WORKER_KEY}) == [worker]
    assert await store.credentials("b", list(CredentialKind)) == [other]
    assert await store.credentials("a", []) == await store.credentials("c", [API_KEY]) == []


async def test_all_of_a_kind_are_gone_through_in_pages(store: Store):
    """Over all organizations, each once, in the order of ids."""
    keys = await added(store, *(credential(organization_id=f"o{number % 3}") for number in range(7)))
    await added(store, credential(WORKER_KEY), credential(INVITATION))
    found: list[Credential] = []
    while page := await store.credentials_after(API_KEY, found[-1].credential_id if found else "", limit=3):
        assert len(page) <= 3
        found += page
    assert found == sorted(keys, key=lambda each: each.credential_id)


async def test_one_is_removed_only_by_its_organization_and_kind(store: Store):
    """Once; what was removed is returned, and nothing else goes."""
    key, worker = await added(store, credential(), credential(WORKER_KEY))
    for organization_id, credential_id, kinds in (
        ("b", key.credential_id, [API_KEY]),
        ("a", key.credential_id, [WORKER_KEY, INVITATION]),
        ("a", key.credential_id, []),
        ("a", key.secret_hash, [API_KEY]),
        ("a", "", [API_KEY]),
    ):
        with pytest.raises(NotFound):
            await store.remove_credential(organization_id, credential_id, kinds)
    assert await store.remove_credential("a", key.credential_id, [API_KEY, WORKER_KEY]) == key
    assert await store.credential(key.secret_hash) is None
    with pytest.raises(NotFound):
        await store.remove_credential("a", key.credential_id, [API_KEY])
    assert await store.credentials("a", list(CredentialKind)) == [worker]


async def test_a_link_is_spent_once(store: Store):
    """Of many at once one succeeds; only as the kind that it is."""
    link, other = await added(store, credential(INVITATION), credential(INVITATION))
    for kind in (API_KEY, RESET):
        assert await store.spend_credential(link.secret_hash, kind) is None
    spent: list[Credential | None] = []

    async def spend() -> None:
        spent.append(await store.spend_credential(link.secret_hash, INVITATION))

    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(spend)
    assert [each for each in spent if each is not None] == [link]
    assert await store.credentials("a", [INVITATION]) == [other]


async def test_the_latest_use_is_what_is_noted(store: Store):
    """In whatever order the notes come; one of none creates none."""
    key, other = await added(store, credential(), credential())
    for at in (5, 9, 7):
        await store.note_credential_used(key.secret_hash, at)
    await store.note_credential_used(secret_hash("nobody's"), 9)
    assert await store.credential(key.secret_hash) == replace(key, last_used_at=9)
    assert await store.credential(other.secret_hash) == other
    assert len(await store.credentials("a", list(CredentialKind))) == 2


async def test_an_organization_has_a_bounded_number_of_each_kind(store: Store, monkeypatch: pytest.MonkeyPatch):
    """Of those that have not expired; other kinds and organizations have their own."""
    for module in ("sqlite", "mongo"):
        monkeypatch.setattr(f"runcast_core.store.{module}.credentials.MAX_CREDENTIALS", 3)
    assert credential_store.MAX_CREDENTIALS == 500
    await added(store, *(credential(expires_at=1) for _ in range(4)), *(credential() for _ in range(3)))
    one = credential()
    with pytest.raises(Conflict) as caught:
        await store.add_credential(one)
    assert caught.value.code == "TOO_MANY_CREDENTIALS"
    assert await store.credential(one.secret_hash) is None
    await added(store, credential(WORKER_KEY), credential(organization_id="b"))
    [first, *_] = await store.credentials("a", [API_KEY])
    await store.remove_credential("a", first.credential_id, [API_KEY])
    await store.add_credential(one)


async def test_what_expired_is_removed_a_step_at_a_time(store: Store):
    """Credentials and sessions of pages; never what lasts."""
    now = now_ms()
    lasting = await added(store, credential(), credential(expires_at=now + 3_600_000))
    await added(store, *(credential(expires_at=now - 10) for _ in range(5)))
    session = PageSession(new_id(), "a", "u", "hash", now, now, now + 3_600_000)
    await store.add_session(session)
    await store.add_session(replace(session, session_id=new_id(), expires_at=now - 10))
    removed = [await store.remove_expired(now, limit=3) for _ in range(4)]
    assert sum(removed) == 6
    assert removed[-1] == 0
    assert removed[0] <= 6
    assert set(await store.credentials("a", list(CredentialKind))) == set(lasting)
    assert await store.session(session.session_id) == session
