"""Tokens of an identity provider, verified by the keys that it publishes at a JWKS URL (RFC 7517)."""

import anyio.to_thread
import jwt

from runcast_core.access.tokens import Claims, Expected, claims_of, compact, decoded, refused
from runcast_core.model.errors import KeysUnavailable


class JwksTokens:
    """Verifies RS256 and ES256 tokens. The set of keys is kept for five minutes, so that one which was withdrawn is
    refused after that time."""

    def __init__(self, url: str, expected: Expected = Expected()) -> None:  # noqa: B008 - it is frozen
        self._keys = jwt.PyJWKClient(url, timeout=5)
        self._expected = expected

    async def verify(self, token: object) -> Claims:
        text = compact(token)
        try:
            jwt.get_unverified_header(text)
            key = await anyio.to_thread.run_sync(self._key, text)
        except jwt.PyJWTError as exc:
            raise refused() from exc
        return claims_of(decoded(text, key, ["RS256", "ES256"], self._expected), self._expected)

    def _key(self, token: str) -> jwt.PyJWK:
        """Return the key that the token names; blocks. Raises `PyJWTError` if there is none, or `KeysUnavailable`."""
        try:
            self._keys.get_jwk_set()
        except (jwt.PyJWTError, ValueError, OSError) as exc:
            raise KeysUnavailable("the identity provider's keys could not be read from JWKS_URL") from exc
        try:
            return self._keys.get_signing_key_from_jwt(token)
        except (jwt.PyJWKClientConnectionError, ValueError, OSError) as exc:
            raise KeysUnavailable("the identity provider's keys could not be read again from JWKS_URL") from exc
