"""API keys where tokens are taken, without a store: found in a directory by the hash of what was shown."""

from typing import Protocol

from runcast_core.access.key_claims import key_claims
from runcast_core.access.tokens import Claims, TokenVerifier, refused
from runcast_core.model.credentials import ApiKey, is_api_key, secret_hash
from runcast_core.model.errors import BusUnavailable, KeysUnavailable


class KeyDirectory(Protocol):
    """Where the keys are; the bus is one."""

    async def known_key(self, secret_hash: str) -> ApiKey | None:
        """Raises `BusUnavailable` where nobody can say whether there is one."""
        ...


class KeyVerifier:
    """Verifies what looks like an API key by a directory, and everything else by another verifier."""

    def __init__(self, tokens: TokenVerifier, directory: KeyDirectory) -> None:
        self._tokens = tokens
        self._directory = directory

    async def verify(self, token: object) -> Claims:
        if not is_api_key(token):
            return await self._tokens.verify(token)
        try:
            key = await self._directory.known_key(secret_hash(token))
        except BusUnavailable as error:
            raise KeysUnavailable(f"whether this API key is good is not known: {error.message}") from error
        if key is None:
            raise refused()
        return key_claims(key)
