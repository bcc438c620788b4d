"""API keys where tokens are taken: found in the directory, or not, or nobody can say."""

import time

import pytest

from runcast_core.access.key_claims import NEVER
from runcast_core.access.key_verifier import KeyVerifier
from runcast_core.access.tokens import HmacTokens
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import ApiKey, CredentialKind, id_of, new_secret, secret_hash
from runcast_core.model.errors import InvalidToken, KeysUnavailable

TOKENS = HmacTokens("a secret of thirty-two characters, for tests")


async def _told(bus: MemoryBus, **fields: int) -> tuple[str, ApiKey]:
    secret = new_secret(CredentialKind.API_KEY)
    hashed = secret_hash(secret)
    key = ApiKey(id_of(hashed), "org", Role.VIEWER, now_ms(), **fields)
    await bus.tell_key(hashed, key)
    return secret, key


async def test_a_key_becomes_claims_as_a_token_does():
    """Of a subject of its own, by which it is revoked; as of when it was made."""
    bus = MemoryBus()
    ends = now_ms() + 90_500
    secret, key = await _told(bus, expires_at=ends)
    claims = await KeyVerifier(TOKENS, bus).verify(secret)
    assert (claims.user_id, claims.organization_id, claims.role) == (f"key:{key.credential_id}", "org", Role.VIEWER)
    assert claims.subjects == (f"key:{key.credential_id}", "")
    assert claims.expires_at == ends // 1000
    assert claims.revoked_by(key.created_at + 1)
    assert not claims.revoked_by(key.created_at)
    lasting, _ = await _told(bus)
    assert (await KeyVerifier(TOKENS, bus).verify(lasting)).expires_at == NEVER > time.time()


async def test_what_is_not_known_is_refused_as_a_bad_token_is():
    """A token goes its own way, whatever the directory knows."""
    verifier = KeyVerifier(TOKENS, MemoryBus())
    for bad in (
        new_secret(CredentialKind.API_KEY),
        "rck_",
        "rck_\ud800",
        new_secret(CredentialKind.WORKER_KEY),
        7,
        None,
    ):
        with pytest.raises(InvalidToken, match="Invalid or expired token"):
            await verifier.verify(bad)
    assert (await verifier.verify(TOKENS.issue("u", "org", Role.ADMIN))).user_id == "u"


@pytest.mark.parametrize("lost", [True, False])
async def test_where_nobody_can_say_it_is_postponed(lost: bool):
    """A bus that does not answer, or was empty and was not told since; tokens verify all the same."""
    bus = MemoryBus()
    secret, _ = await _told(bus)
    verifier = KeyVerifier(TOKENS, bus)
    if lost:
        bus.lose_memory()
    else:
        bus.down = True
    with pytest.raises(KeysUnavailable):
        await verifier.verify(secret)
    assert (await verifier.verify(TOKENS.issue("u", "org", Role.ADMIN))).user_id == "u"
