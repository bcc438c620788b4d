"""API keys in Redis: one key for each, that ends with it, and is empty for a while once it was forgotten."""

import msgspec

from runcast_core.bus import revocations
from runcast_core.bus.api_keys import FORGOTTEN_S
from runcast_core.bus.redis.revocations import RedisRevocations
from runcast_core.bus.redis.scripts import Script
from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import ApiKey, id_of
from runcast_core.model.identifiers import known_key_key

_TELL = Script("""
if redis.call('GET', KEYS[1]) == '' then
  return
end
if ARGV[2] == '' then
  redis.call('SET', KEYS[1], ARGV[1])
else
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
""")
_FORGET = Script("redis.call('SET', KEYS[1], '', 'EX', ARGV[1])")
_READ = Script("return redis.call('GET', KEYS[1])")


class _Told(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """What is kept of a key."""

    secret_hash: str
    organization_id: str
    role: Role
    created_at: int
    expires_at: int | None = None


class RedisApiKeys(RedisRevocations):
    """See `runcast_core.bus.api_keys.ApiKeys`."""

    async def tell_key(self, secret_hash: str, key: ApiKey) -> None:
        left_ms: int | str = "" if key.expires_at is None else key.expires_at - now_ms()
        if isinstance(left_ms, int) and left_ms <= 0:
            return
        told = _Told(secret_hash, key.organization_id, key.role, key.created_at, key.expires_at)
        await self._scripts.run(_TELL, known_key_key(key.credential_id), msgspec.json.encode(told), left_ms)

    async def forget_key(self, credential_id: str) -> None:
        await self._scripts.run(_FORGET, known_key_key(credential_id), FORGOTTEN_S)

    async def known_key(self, secret_hash: str) -> ApiKey | None:
        """That one is not there counts only between two looks that found that everything was told, as with
        revocations."""
        name = await self._telling_name()
        found: bytes | None = await self._scripts.run(_READ, known_key_key(id_of(secret_hash)))
        if found is not None:
            return _key(secret_hash, found)
        if name is None or await self._telling_name() != name:
            raise revocations.not_told()
        return None


def _key(secret_hash: str, found: bytes) -> ApiKey | None:
    """Return the key that was told, if it is this one, and was not forgotten, nor written by something else."""
    try:
        told = msgspec.json.decode(found, type=_Told)
    except msgspec.DecodeError:
        return None
    key = ApiKey(id_of(told.secret_hash), told.organization_id, told.role, told.created_at, told.expires_at)
    return key if told.secret_hash == secret_hash and not key.expired(now_ms()) else None
