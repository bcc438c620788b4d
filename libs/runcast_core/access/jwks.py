"""Tokens of an identity provider, verified by the keys that it publishes at a JWKS URL (RFC 7517)."""

import json
import time
import urllib.request
from functools import partial
from typing import Any

import jwt

from runcast_core.access.provider_keys import ProviderKeys
from runcast_core.access.tokens import Claims, Expected, claims_of, compact, decoded, refused

ALGORITHMS = ["RS256", "ES256"]
TIMEOUT_S = 5.0
"""For each wait on the provider, and until its answer is there; the last wait may begin just before."""
MAX_BYTES = 1_048_576
"""Of the provider's answer."""


class JwksTokens:
    """Verifies RS256 and ES256 tokens by the key that each names."""

    def __init__(self, url: str, expected: Expected = Expected()) -> None:  # noqa: B008 - it is frozen
        self._keys = ProviderKeys(partial(fetch_keys, url))
        self._expected = expected

    async def verify(self, token: object) -> Claims:
        text = compact(token)
        key = await self._keys.find(_key_id(text))
        if key is None:
            raise refused()
        return claims_of(decoded(text, key, ALGORITHMS, self._expected), self._expected)


def fetch_keys(url: str) -> dict[str, jwt.PyJWK]:
    """Return the provider's keys for signatures by their ids; blocks, within bounds. Raises whatever it meets, also
    where the provider tells no key that could be used."""
    deadline = time.monotonic() + TIMEOUT_S
    request = urllib.request.Request(url, headers={"Accept": "application/json", "User-Agent": "runcast"})  # noqa: S310 - a setting
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:  # noqa: S310 - as above
        body = _body(answer, deadline)
    told = jwt.PyJWKSet.from_dict(json.loads(body)).keys
    keys = {str(key.key_id): key for key in reversed(told) if _is_usable(key)}
    if not keys:
        raise ValueError("no key for signatures that has an id")
    return keys


def _body(answer: Any, deadline: float) -> bytes:
    parts, size = [], 0
    while part := answer.read1(65_536):
        parts.append(part)
        size += len(part)
        if size > MAX_BYTES or time.monotonic() > deadline:
            raise ValueError("the answer is too long, or too slow")
    return b"".join(parts)


def _is_usable(key: jwt.PyJWK) -> bool:
    """Tell whether it is a public key for signatures: a secret one, once published, would let anybody sign."""
    return bool(key.key_id) and key.key_type in {"RSA", "EC"} and key.public_key_use in {None, "sig"}


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except Exception as exc:  # as where a token is decoded
        raise refused() from exc
    key_id = header.get("kid")
    if header.get("alg") not in ALGORITHMS or not isinstance(key_id, str):
        raise refused()
    return key_id
