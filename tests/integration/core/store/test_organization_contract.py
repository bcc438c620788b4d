"""The contract of changing an organization, over every adapter."""

from collections.abc import AsyncIterator
from dataclasses import replace

import anyio
import pytest

from runcast_core.model.accounts import Organization, Role, Standing, User
from runcast_core.model.errors import InvalidInput, NotFound
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from tests.parts.stores import requested, store_url  # noqa: F401 - a fixture

BEFORE = Organization("a", "Acme", 1, 3, retention_days=0, timeout_limit_s=60)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:  # noqa: F811
    async with open_store(store_url) as opened:
        for organization in (BEFORE, replace(BEFORE, organization_id="b")):
            name = organization.organization_id
            user = User(f"u-{name}", name, f"{name}@example.com", "U", Role.ADMIN, "hash", 1)
            await opened.create_account(organization, user)
        yield opened


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Other"},
        {"concurrency_limit": 5, "retention_days": 7},
        {"concurrency_limit": None},
        {"retention_days": None, "timeout_limit_s": 1},
        {"name": "O", "concurrency_limit": None, "retention_days": None, "timeout_limit_s": None},
    ],
)
async def test_only_what_is_given_changes(store: Store, changes: dict):
    """None sets a limit back; another organization stays as it was."""
    changed = await store.change_organization("a", **changes)
    assert changed == await store.organization("a") == replace(BEFORE, **changes)
    assert await store.organization("b") == replace(BEFORE, organization_id="b")


async def test_claims_see_the_changed_limit(store: Store):
    """As soon as it was changed, and none once it was set back."""
    await store.create_execution(requested("a"))
    for limit in (7, None):
        await store.change_organization("a", concurrency_limit=limit)
        assert [backlog.concurrency_limit for backlog in await store.backlogs()] == [limit]


async def test_an_organization_without_a_record_gets_one(store: Store):
    """Without a name; its tokens are as good as before."""
    changed = await store.change_organization("unknown", retention_days=5)
    assert changed == await store.organization("unknown")
    assert changed == Organization("unknown", "", changed.created_at, retention_days=5)
    assert changed.created_at > BEFORE.created_at
    assert await store.standing("unknown", ("u",)) == Standing(False, None)
    assert await store.change_organization("unknown", name="Known") == replace(changed, name="Known")


async def test_changes_at_once_all_hold(store: Store):
    """Also where each of them finds no record."""
    changes = [{"name": "O"}, {"concurrency_limit": 5}, {"retention_days": 7}, {"timeout_limit_s": 9}]

    async def change(fields: dict) -> None:
        await store.change_organization("unknown", **fields)

    async with anyio.create_task_group() as tasks:
        for fields in changes * 5:
            tasks.start_soon(change, fields)
    changed = await store.organization("unknown")
    assert changed == Organization("unknown", "O", changed.created_at, 5, retention_days=7, timeout_limit_s=9)


async def test_a_deleted_organization_is_not_changed(store: Store):
    """Whether it ever had a record or not."""
    for organization_id in ("a", "unknown"):
        await store.delete_organization(organization_id)
        before = await store.organization(organization_id)
        with pytest.raises(NotFound):
            await store.change_organization(organization_id, name="Other")
        assert await store.organization(organization_id) == before
        assert (await store.standing(organization_id, ("u",))).organization_deleted


async def test_a_change_needs_an_organization_id(store: Store):
    """What could pose as another organization's is refused."""
    with pytest.raises(InvalidInput):
        await store.change_organization("a/b", name="Other")
