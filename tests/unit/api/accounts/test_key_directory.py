"""How gateways learn from an api which API keys there are: at once, and again after whatever went wrong."""

from typing import Any

import pytest

from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.accounts import Role
from runcast_core.model.credentials import ApiKey, Credential, CredentialKind, secret_hash
from runcast_core.model.errors import BusUnavailable
from runcast_core.store import key_directory, teller
from tests.parts.api import Installation, serving, with_key
from tests.parts.conditions import until

NEW = {"name": "CI", "kind": "api-key", "role": "developer"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teller, "LOOK_S", 0.01)
    monkeypatch.setattr(key_directory, "PAGE", 3)


async def made(api: Installation, **fields: Any) -> tuple[str, str]:
    """Make a key; return its id and the hash of its secret."""
    answer = await api.call("POST", "/api/keys", role=Role.ADMIN, json=NEW | fields)
    assert answer.status_code == 201
    return answer.json()["id"], secret_hash(answer.json()["secret"])


async def revoked(api: Installation, key_id: str) -> None:
    assert (await api.call("DELETE", f"/api/keys/{key_id}", role=Role.ADMIN)).status_code == 204


async def known(bus: MemoryBus, hashed: str) -> ApiKey | None:
    try:
        return await bus.known_key(hashed)
    except BusUnavailable:
        return None


async def test_a_key_is_known_when_its_maker_has_it(tmp_path):
    """And no more when its revocation was answered; a worker key never is."""
    async with serving(tmp_path) as api:
        key_id, hashed = await made(api, role="viewer", pools=["gpu"], expiresInDays=2)
        key = await known(api.bus, hashed)
        assert key is not None
        assert (key.credential_id, key.organization_id, key.role) == (key_id, "org_a", Role.VIEWER)
        worker = await api.call("POST", "/api/keys", role=Role.ADMIN, json={"name": "W", "kind": "worker-key"})
        assert await known(api.bus, secret_hash(worker.json()["secret"])) is None
        await revoked(api, key_id)
        assert await known(api.bus, hashed) is None


async def test_what_could_not_be_told_is_told_once_the_bus_answers(tmp_path):
    """Keys that were made meanwhile; and ones that were revoked, though the bus remembers them: before anybody is
    told that they are revoked, they are forgotten."""
    async with serving(tmp_path) as api:
        before_id, before = await made(api)
        api.bus.down = True
        _, meanwhile = await made(api)
        await revoked(api, before_id)
        gone_id, gone = await made(api)
        await revoked(api, gone_id)
        api.bus.down = False

        async def told() -> bool:
            return await known(api.bus, meanwhile) is not None and await known(api.bus, before) is None

        await until(told)
        await until(lambda: api.bus.sent_signals)
        assert await known(api.bus, gone) is None
        assert await api.bus.revocations("org_a") != {}


@pytest.mark.parametrize("count", [0, 1, 3, 7])
async def test_a_start_and_a_lost_memory_tell_every_key(tmp_path, count):
    """Page after page, of every organization, but no other kinds, and none that expired."""
    async with serving(tmp_path) as api:
        keys = [(await with_key(api.store, org=f"o{number % 2}"))[0] for number in range(count)]
        others = [(await with_key(api.store, kind))[0] for kind in list(CredentialKind)[1:]]
        others.append((await with_key(api.store, expires_at=1))[0])
    async with serving(tmp_path) as api:
        for lose in (False, True):
            if lose:
                api.bus.lose_memory()
                await until(api.bus.told_ago_ms)
            for key in keys:
                assert await known(api.bus, key.secret_hash) == ApiKey.of(key)
            for key in others:
                assert await known(api.bus, key.secret_hash) is None


async def test_who_read_a_key_before_it_was_revoked_tells_it_in_vain(tmp_path, monkeypatch):
    """In the middle of telling everything, say: it stays forgotten."""
    async with serving(tmp_path) as api:
        key_id, hashed = await made(api)
        page = await api.store.credentials_after(CredentialKind.API_KEY, "")
        await revoked(api, key_id)
        await key_directory.tell_key(api.bus, page[0])
        assert await known(api.bus, hashed) is None


async def test_keys_of_a_deleted_organization_are_forgotten_and_removed(tmp_path):
    """They may live longer than what is remembered of the deletion; another organization's stay."""
    async with serving(tmp_path) as api:
        hashes = [(await made(api))[1] for _ in range(3)]
        other, _ = await with_key(api.store, org="org_b")
        await key_directory.tell_key(api.bus, other)
        await api.store.delete_organization("org_a")

        async def announced() -> bool:
            return await api.store.unannounced_revocations() == []

        await until(announced)
        assert [await known(api.bus, hashed) for hashed in hashes] == [None] * 3
        assert await api.store.credentials("org_a", [CredentialKind.API_KEY]) == []
        assert await known(api.bus, other.secret_hash) is not None
        assert await api.store.credentials("org_b", [CredentialKind.API_KEY]) == [other]


@pytest.mark.parametrize("change", ["deleted", "logged out"])
async def test_no_key_is_made_after_its_maker_lost_the_right(tmp_path, monkeypatch, change):
    """In the very moment between the look at the token and the key in the store: it goes again, untold."""
    async with serving(tmp_path) as api:
        add, told = api.store.add_credential, []

        async def late(credential: Credential) -> None:
            await add(credential)
            if change == "deleted":
                await api.store.delete_organization("org_a")
            else:
                await api.store.revoke_sessions("org_a", "u1", 2**50)

        async def telling(secret_hash: str, key: ApiKey) -> None:
            told.append(key)

        monkeypatch.setattr(api.store, "add_credential", late)
        monkeypatch.setattr(api.bus, "tell_key", telling)
        answer = await api.call("POST", "/api/keys", role=Role.ADMIN, json=NEW)
        assert (answer.status_code, "secret" in answer.json()) == (401, False)
        assert await api.store.credentials("org_a", [CredentialKind.API_KEY]) == told == []
