"""JSON Web Tokens: who a request or a socket speaks for.

Algorithms are pinned, `exp` is required (RFC 7519, RFC 8725). A token verifies by itself; nothing is looked up.
"""

import sys
import time
from dataclasses import dataclass
from typing import Any, Protocol

import anyio.to_thread
import jwt

from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import InvalidInput, InvalidToken, KeysUnavailable, SettingError
from runcast_core.model.identifiers import check_organization_id
from runcast_core.serving.settings import TokenSettings

MAX_TOKEN_LENGTH = 8192
CLOCK_SKEW_S = 60
"""How far ahead the clock of whoever issued a token may be."""


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. `expires_at` and `issued_at` are in seconds since 1970, the latter in as fine parts
    of them as the issuer writes; None where it does not say."""

    user_id: str
    organization_id: str
    role: Role
    expires_at: int
    issued_at: float | None = None

    def revoked_by(self, at_ms: int) -> bool:
        """Tell whether a revocation of the user's sessions at that time (milliseconds since 1970) is of this one. A
        token that does not say when it was issued may be older than any revocation."""
        return self.issued_at is None or round(self.issued_at * 1000) < at_ms


class TokenVerifier(Protocol):
    """Anything that turns a client's token into claims."""

    async def verify(self, token: object) -> Claims:
        """Return the claims of a good token. Raises `InvalidToken` for anything else, whatever its type, and
        `KeysUnavailable` if that cannot be said now."""
        ...


class HmacTokens:
    """Issues and verifies HS256 tokens with one shared secret."""

    def __init__(
        self, secret: str, *, lifetime_s: int = 86_400, issuer: str | None = None, audience: str | None = None
    ) -> None:
        self._secret = secret
        self._lifetime_s = lifetime_s
        self._issuer = issuer
        self._audience = audience

    def issue(self, user_id: str, organization_id: str, role: Role, *, not_before_ms: int = 0) -> str:
        """Return a token as of now, to the millisecond, or as of `not_before_ms` if that is later: the user's last
        revocation, which a host whose clock is ahead may have noted."""
        at_ms = max(now_ms(), not_before_ms)
        claims: dict[str, Any] = {
            "userId": user_id,
            "organizationId": organization_id,
            "role": role.value,
            "iat": at_ms / 1000,
            "exp": at_ms // 1000 + self._lifetime_s,
        }
        claims |= {name: value for name, value in (("iss", self._issuer), ("aud", self._audience)) if value}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    async def verify(self, token: object) -> Claims:
        text = _compact(token)
        return _decode(text, self._secret, ["HS256"], self._issuer, self._audience)


class JwksTokens:
    """Verifies RS256 and ES256 tokens of an identity provider by its JWKS URL (RFC 7517).

    The set of keys is kept for five minutes, so that one which was withdrawn is refused after that time.
    """

    def __init__(self, url: str, *, issuer: str | None = None, audience: str | None = None) -> None:
        self._keys = jwt.PyJWKClient(url, timeout=5)
        self._issuer = issuer
        self._audience = audience

    async def verify(self, token: object) -> Claims:
        text = _compact(token)
        try:
            jwt.get_unverified_header(text)
            key = await anyio.to_thread.run_sync(self._key, text)
        except jwt.PyJWTError as exc:
            raise InvalidToken("Invalid or expired token") from exc
        return _decode(text, key, ["RS256", "ES256"], self._issuer, self._audience)

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


def token_verifier(settings: TokenSettings) -> TokenVerifier:
    if settings.jwks_url:
        return JwksTokens(settings.jwks_url, issuer=settings.jwt_issuer, audience=settings.jwt_audience)
    return token_issuer(settings)


def token_issuer(settings: TokenSettings) -> HmacTokens:
    """Return what issues tokens. Raises `SettingError` without a secret, as where only a JWKS URL is configured."""
    if settings.jwt_secret is None:
        raise SettingError("JWT_SECRET is not set: tokens are issued elsewhere, or set it to 32 characters or more")
    return HmacTokens(
        settings.jwt_secret.get_secret_value(),
        lifetime_s=settings.jwt_expiry_s,
        issuer=settings.jwt_issuer,
        audience=settings.jwt_audience,
    )


def _compact(token: object) -> str:
    if not isinstance(token, str) or not token or len(token) > MAX_TOKEN_LENGTH:
        raise InvalidToken("Invalid or expired token")
    return token


def _decode(token: str, key: Any, algorithms: list[str], issuer: str | None, audience: str | None) -> Claims:
    checked = {"verify_aud": audience is not None, "verify_iss": issuer is not None, "verify_iat": False}
    options: Any = {"require": ["exp"], **checked}
    try:
        claims = jwt.decode(token, key, algorithms=algorithms, options=options, issuer=issuer, audience=audience)
        return _claims(claims)
    except (jwt.PyJWTError, InvalidInput, ValueError, TypeError) as exc:
        raise InvalidToken("Invalid or expired token") from exc


def _claims(claims: dict[str, Any]) -> Claims:
    user_id = claims.get("userId")
    if not isinstance(user_id, str) or not 1 <= len(user_id) <= 256:
        raise InvalidToken("Invalid or expired token")
    user_id.encode()  # lone surrogates, which JSON can spell and no store can keep, are a ValueError
    organization_id = sys.intern(check_organization_id(claims.get("organizationId")))  # compared at every delivery
    return Claims(user_id, organization_id, Role(str(claims.get("role"))), int(claims["exp"]), _issued_at(claims))


def _issued_at(claims: dict[str, Any]) -> float | None:
    """Return `iat`. PyJWT refuses what another host issued in this very second if that one's clock is ahead at all."""
    value = claims.get("iat")
    if value is None:
        return None
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= time.time() + CLOCK_SKEW_S:
        raise InvalidToken("Invalid or expired token")
    return float(value)
