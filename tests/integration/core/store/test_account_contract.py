"""The contract of users beyond the first and of revoked sessions, over every adapter."""

from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
import pytest

from runcast_core.bus.revocations import REMOVED, Revocation
from runcast_core.model.accounts import Organization, Role, Standing, User
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import Conflict, InvalidInput, NotFound
from runcast_core.model.identifiers import EVERYBODY, new_id, session_subject
from runcast_core.store.mongo import users as mongo_users
from runcast_core.store.open import open_store
from runcast_core.store.sqlite import accounts as sqlite_accounts
from runcast_core.store.store import Store
from tests.parts.conditions import until
from tests.parts.stores import store_url  # noqa: F401 - a fixture


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        yield opened


def _user(organization_id: str, name: str, role: Role = Role.DEVELOPER) -> User:
    return User(new_id(), organization_id, f"{name}@example.com", name, role, "hash", now_ms())


async def _signed_up(store: Store, organization_id: str = "a") -> User:
    user = _user(organization_id, f"first-of-{organization_id}", Role.ADMIN)
    await store.create_account(Organization(organization_id, "Acme", now_ms()), user)
    return user


async def test_users_are_listed_in_their_organization_oldest_first(store: Store):
    """Whoever was added is found by id and address; another organization's list does not have them."""
    first, other = await _signed_up(store), await _signed_up(store, "b")
    added = [_user("a", name, role) for name, role in (("x", Role.VIEWER), ("w", Role.ADMIN))]
    for user in added:
        await store.create_user(user)
    listed = await store.users("a")
    assert listed == sorted([first, *added], key=lambda user: (user.created_at, user.user_id))
    assert await store.users("b") == [other]
    assert await store.users("c") == []
    assert await store.user_by_email("x@example.com") == await store.user("a", added[0].user_id) == added[0]


async def test_a_user_needs_an_organization_and_an_address_of_its_own(store: Store):
    """Of an unknown or deleted organization, or with an address that somebody has anywhere, nobody is added."""
    await _signed_up(store)
    await _signed_up(store, "b")
    await store.delete_organization("b")
    for organization_id in ("b", "c"):
        with pytest.raises(NotFound):
            await store.create_user(_user(organization_id, "x"))
    with pytest.raises(Conflict) as caught:
        await store.create_user(_user("a", "first-of-b"))
    assert caught.value.code == "EMAIL_TAKEN"
    assert len(await store.users("a")) == 1


async def test_an_organization_has_a_bounded_number_of_users(store: Store, monkeypatch: pytest.MonkeyPatch):
    """One more is a conflict that says so."""
    for module in (sqlite_accounts, mongo_users):
        monkeypatch.setattr(module, "MAX_USERS", 2)
    await _signed_up(store)
    await store.create_user(_user("a", "x"))
    with pytest.raises(Conflict) as caught:
        await store.create_user(_user("a", "y"))
    assert caught.value.code == "TOO_MANY_USERS"


async def test_a_removed_user_is_gone_and_every_token_of_theirs_worthless(store: Store):
    """The record and the claim on the address go; the revocation is later than any token, and unannounced."""
    await _signed_up(store)
    user = _user("a", "x")
    await store.create_user(user)
    with pytest.raises(NotFound):
        await store.remove_user("b", user.user_id)
    assert await store.standing("b", (user.user_id,)) == Standing(False, None)
    removed = await store.remove_user("a", user.user_id)
    assert removed == Revocation("a", user.user_id, REMOVED)
    assert await store.unannounced_revocations() == [removed]
    assert await store.standing("a", (user.user_id,)) == Standing(False, REMOVED)
    assert await store.user_by_email("x@example.com") is None
    with pytest.raises(NotFound):
        await store.remove_user("a", user.user_id)
    await store.create_user(_user("a", "x"))


async def test_the_last_admin_stays(store: Store):
    """Also where others are there who are none; and nothing of the attempt stays."""
    first = await _signed_up(store)
    await store.create_user(_user("a", "x"))
    with pytest.raises(Conflict) as caught:
        await store.remove_user("a", first.user_id)
    assert caught.value.code == "LAST_ADMIN"
    assert await store.standing("a", (first.user_id,)) == Standing(False, None)
    second = _user("a", "y", Role.ADMIN)
    await store.create_user(second)
    await store.remove_user("a", second.user_id)
    with pytest.raises(Conflict):
        await store.remove_user("a", first.user_id)


async def test_admins_who_remove_each_other_leave_one(store: Store):
    """However many removals there are at once, and however often of the same admin."""
    admins = [await _signed_up(store), *(_user("a", f"x{n}", Role.ADMIN) for n in range(5))]
    for admin in admins[1:]:
        await store.create_user(admin)

    async def remove(user_id: str) -> None:
        with suppress(Conflict, NotFound):
            await store.remove_user("a", user_id)

    async with anyio.create_task_group() as tasks:
        for admin in admins * 2:
            tasks.start_soon(remove, admin.user_id)
    assert await store.users("a")


@pytest.mark.parametrize("user_id", ["u", "auth0|5f/..", "\u00fc \u0000{x}", "x" * 256])
async def test_sessions_are_revoked_per_user_and_organization(store: Store, user_id: str):
    """Also of users that no record is of; the latest time holds, whatever order they come in."""
    assert await store.standing("a", (user_id,)) == Standing(False, None)
    for at, holds in ((1000, 1000), (3000, 3000), (2000, 3000)):
        assert await store.revoke_sessions("a", user_id, at) == Revocation("a", user_id, holds)
    assert await store.standing("a", (user_id,)) == Standing(False, 3000)
    assert await store.standing("b", (user_id,)) == Standing(False, None)
    assert await store.standing("a", (user_id + "x",)) == Standing(False, None)
    await store.delete_organization("a")
    assert await store.standing("a", (user_id,)) == Standing(True, 3000)


async def test_the_latest_revocation_of_any_subject_holds(store: Store):
    """The user's, the session's, everybody's; of another session or user, or of another organization, none counts."""
    session, other = session_subject("s1"), session_subject("s2")
    assert await store.standing("a", ()) == Standing(False, None)
    for subject, at in (("u", 1000), (other, 9000), ("v", 9000), ("s1", 9000)):
        await store.revoke_sessions("a", subject, at)
    await store.revoke_sessions("b", session, 9000)
    subjects = ("u", session, EVERYBODY)
    assert await store.standing("a", subjects) == Standing(False, 1000)
    await store.revoke_sessions("a", session, 2000)
    assert await store.standing("a", subjects) == Standing(False, 2000)
    await store.revoke_sessions("a", EVERYBODY, 1500)
    assert await store.standing("a", subjects) == Standing(False, 2000)
    assert await store.standing("a", (EVERYBODY,)) == Standing(False, 1500)


async def test_a_deleted_organization_is_revoked_and_told_as_users_are(store: Store):
    """Everybody of it, for good; once more if it is deleted again. Also one that the store never heard of."""
    await _signed_up(store)
    for organization_id in ("a", "unknown"):
        for _ in range(2):
            await store.delete_organization(organization_id)
            revocation = Revocation(organization_id, EVERYBODY, REMOVED)
            assert await store.unannounced_revocations() == [revocation]
            assert await store.standing(organization_id, (EVERYBODY,)) == Standing(True, REMOVED)
            await store.revocation_announced(revocation)


async def test_recent_revocations_come_in_pages_in_the_order_they_were_noted(store: Store):
    """Announced or not; each in one page, also those of one moment. Older ones are left out, until they are noted
    again."""
    noted = [await store.revoke_sessions(f"o{n % 3}", f"u{n}", 1000 + n) for n in range(10)]
    await store.revocation_announced(noted[0])
    for limit in (1, 3, 10, 100):
        found: list[Revocation] = []
        while page := await store.recent_revocations(
            within_ms=3_600_000, after=found[-1] if found else None, limit=limit
        ):
            assert len(page) <= limit
            found += page
        assert sorted(found, key=lambda r: r.at) == noted
        assert [r.noted_at for r in found] == sorted(r.noted_at for r in found)
    assert all(abs(r.noted_at - now_ms()) < 60_000 for r in found)

    async def aged() -> bool:
        return await store.recent_revocations(within_ms=1) == []

    await until(aged)
    again = await store.revoke_sessions("o0", "u0", 5)
    assert again.at == noted[0].at
    assert (await store.recent_revocations(within_ms=3_600_000))[-1] == again
    assert again.noted_at > noted[0].noted_at


async def test_old_revocations_of_sessions_go_and_others_stay(store: Store):
    """A few at a time; none that is noted within the time of the longest token."""
    stay = [
        await store.revoke_sessions("a", subject, 1000) for subject in ("u", EVERYBODY, "key:k", "session", "sessions")
    ]
    for number in range(5):
        await store.revoke_sessions("a", session_subject(f"s{number}"), 1000)
    assert not await store.forget_sessions(older_than_ms=3_600_000)
    assert len(await store.recent_revocations(within_ms=3_600_000)) == 10

    async def aged() -> bool:
        return await store.recent_revocations(within_ms=1) == []

    await until(aged)
    assert [await store.forget_sessions(older_than_ms=1, limit=2) for _ in range(3)] == [True, True, False]
    left = await store.recent_revocations(within_ms=3_600_000)
    assert sorted(left, key=lambda r: r.subject) == sorted(stay, key=lambda r: r.subject)


async def test_what_was_removed_stays_so(store: Store):
    """A revocation after a removal does not bring a token back."""
    await store.revoke_sessions("a", "u", REMOVED)
    assert (await store.revoke_sessions("a", "u", now_ms())).at == REMOVED


async def test_a_revocation_is_unannounced_until_it_was_announced_itself(store: Store):
    """An older announcement does not count for a newer revocation; lists are bounded."""
    first = await store.revoke_sessions("a", "u", 1000)
    second = await store.revoke_sessions("a", "u", 2000)
    await store.revocation_announced(first)
    assert await store.unannounced_revocations() == [second]
    await store.revocation_announced(second)
    assert await store.unannounced_revocations() == []
    for user_id in ("v", "w", "x"):
        await store.revoke_sessions("a", user_id, 1000)
    assert len(await store.unannounced_revocations(limit=2)) == 2
    await store.revoke_sessions("a", "u", 1500)
    assert second in await store.unannounced_revocations()


async def test_a_revocation_needs_an_organization_id(store: Store):
    """What could pose as another organization's is refused."""
    with pytest.raises(InvalidInput):
        await store.revoke_sessions("a/b", "u", 1000)
