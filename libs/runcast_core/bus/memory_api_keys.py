"""API keys within one process: the memory bus's part of them."""

from dataclasses import replace

from runcast_core.bus import revocations
from runcast_core.bus.memory_sessions import MemorySessions
from runcast_core.model.clock import now_ms
from runcast_core.model.credentials import ApiKey, id_of
from runcast_core.model.scopes import EVERYTHING


class MemoryApiKeys(MemorySessions):
    """See `runcast_core.bus.api_keys.ApiKeys`."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: dict[str, tuple[str, ApiKey] | None] = {}

    async def tell_key(self, secret_hash: str, key: ApiKey) -> None:
        await self.ping()
        self._keys.setdefault(key.credential_id, (secret_hash, replace(key, scope=EVERYTHING)))

    async def forget_key(self, credential_id: str) -> None:
        await self.ping()
        self._keys[credential_id] = None

    async def known_key(self, secret_hash: str) -> ApiKey | None:
        await self.ping()
        known = self._keys.get(id_of(secret_hash), ("", None))
        if known is None:
            return None
        told_hash, key = known
        if key is not None and told_hash == secret_hash and not key.expired(now_ms()):
            return key
        if self._told_at is None:
            raise revocations.not_told()
        return None

    def lose_memory(self) -> None:
        super().lose_memory()
        self._keys.clear()
