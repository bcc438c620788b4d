"""When keys were last used: noted rarely, beside the calls, within bounds."""

from dataclasses import replace

import anyio
import pytest

from runcast_api.accounts import last_uses
from runcast_api.accounts.last_uses import EVERY_MS, LastUses
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import Credential, CredentialKind
from runcast_core.model.errors import StoreUnavailable
from tests.parts.conditions import until


class Notes:
    """The store, as far as it is asked."""

    def __init__(self) -> None:
        self.noted: list[str] = []
        self.down = False

    async def note_credential_used(self, secret_hash: str, at: int) -> None:
        self.noted.append(secret_hash)
        if self.down:
            raise StoreUnavailable("no answer")


def key(name: str) -> Credential:
    return Credential(name, "o", CredentialKind.API_KEY, name, "u", 1)


async def noted(uses: LastUses, store: Notes, *keys: Credential) -> list[str]:
    """Return what the store was told of these uses."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(uses.run, store)
        for used in keys:
            uses.note(used)
        await until(lambda: not uses._due)
        tasks.cancel_scope.cancel()
    told, store.noted = store.noted, []
    return told


async def test_a_use_is_noted_again_after_a_minute():
    """By what the store knows, where this process knows nothing: several apis note it no more often together."""
    uses, store, now = LastUses(), Notes(), now_ms()
    recent, earlier = replace(key("a"), last_used_at=now - 50_000), replace(key("b"), last_used_at=now - EVERY_MS)
    assert await noted(uses, store, recent, earlier, earlier, key("c"), key("c")) == ["c", "b"]
    assert await noted(uses, store, earlier, key("c"), recent) == []


async def test_a_store_that_is_down_fails_no_use():
    """What it did not take is left out, and later uses are noted."""
    uses, store = LastUses(), Notes()
    store.down = True
    assert await noted(uses, store, key("a")) == ["a"]
    store.down = False
    assert await noted(uses, store, key("b")) == ["b"]


async def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch):
    """The oldest goes; and what waits for a store that stalls does not grow."""
    monkeypatch.setattr(last_uses, "MAX_KNOWN", 2)
    monkeypatch.setattr(last_uses, "MAX_DUE", 3)
    uses, store = LastUses(), Notes()
    assert await noted(uses, store, *map(key, "abcde")) == ["c", "b", "a"]
    assert len(uses._noted) == 2
    assert await noted(uses, store, key("c"), key("a")) == ["a"]
