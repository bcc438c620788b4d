"""JSON Web Tokens: who a request or a socket speaks for.

Algorithms are pinned, `exp` is required (RFC 7519, RFC 8725). A token verifies by itself; nothing is looked up. Those
of an identity provider are in `jwks.py`.
"""

import math
import re
import sys
import time
from dataclasses import dataclass
from typing import Any, Protocol

import jwt

from runcast_core.model.accounts import Role
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import InvalidInput, InvalidToken, SettingError
from runcast_core.model.identifiers import (
    EVERYBODY,
    OWN_SUBJECTS,
    check_organization_id,
    check_session_id,
    session_subject,
)
from runcast_core.model.scopes import EVERYTHING, Scope
from runcast_core.serving.settings import TokenSettings

MAX_TOKEN_LENGTH = 8192
CLOCK_SKEW_S = 60
"""How far ahead the clock of whoever issued a token may be."""
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says. `expires_at` and `issued_at` are in seconds since 1970, the latter in as fine parts
    of them as the issuer writes; None where it does not say. `session_id` names the session it was issued for."""

    user_id: str
    organization_id: str
    role: Role
    expires_at: int
    issued_at: float | None = None
    session_id: str | None = None
    scope: Scope = EVERYTHING
    """What it may have run; tokens say nothing of that."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """Everything by which it can be revoked: the user, the session if there is one, the whole organization."""
        if self.session_id is None:
            return self.user_id, EVERYBODY
        return self.user_id, session_subject(self.session_id), EVERYBODY

    def revoked_by(self, at_ms: int) -> bool:
        """Tell whether a revocation of one of its subjects at that time (milliseconds since 1970) is of this token. One
        that does not say when it was issued may be older than any revocation."""
        return self.issued_at is None or round(self.issued_at * 1000) < at_ms


class TokenVerifier(Protocol):
    """Anything that turns a client's token into claims."""

    async def verify(self, token: object) -> Claims:
        """Return the claims of a good token. Raises `InvalidToken` for anything else, whatever its type, and
        `KeysUnavailable` if that cannot be said now; nothing else, whatever a client sends."""
        ...


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token has to say beside who it is of. One that lives longer than `longest_lifetime_s` is refused: its
    revocation would be forgotten before it ends."""

    longest_lifetime_s: int = 86_400
    issuer: str | None = None
    audience: str | None = None


class HmacTokens:
    """Issues and verifies HS256 tokens with one shared secret."""

    def __init__(
        self, secret: str, *, lifetime_s: int = 86_400, issuer: str | None = None, audience: str | None = None
    ) -> None:
        self._secret = secret
        self._lifetime_s = lifetime_s
        self._expected = Expected(lifetime_s, issuer, audience)

    def issue(
        self,
        user_id: str,
        organization_id: str,
        role: Role,
        *,
        at_ms: int | None = None,
        not_before_ms: int = 0,
        session_id: str | None = None,
        lifetime_s: int | None = None,
    ) -> str:
        """Return a token as of `at_ms`, which is now where it is not given, or as of `not_before_ms` if that is later:
        the last revocation of its subjects, which a host whose clock is ahead may have noted. It lives for
        `lifetime_s`, and never longer than one does for which none is given."""
        at_ms = max(now_ms() if at_ms is None else at_ms, not_before_ms)
        lifetime_s = self._lifetime_s if lifetime_s is None else min(lifetime_s, self._lifetime_s)
        claims: dict[str, Any] = {
            "userId": user_id,
            "organizationId": organization_id,
            "role": role.value,
            "iat": at_ms / 1000,
            "exp": at_ms // 1000 + lifetime_s,
        }
        said = {"sid": session_id, "iss": self._expected.issuer, "aud": self._expected.audience}
        claims |= {name: value for name, value in said.items() if value}
        return jwt.encode(claims, self._secret, algorithm="HS256")

    async def verify(self, token: object) -> Claims:
        claims = decoded(compact(token), self._secret, ["HS256"], self._expected)
        if "sid" not in claims:
            return claims_of(claims, self._expected)
        try:
            return claims_of(claims, self._expected, check_session_id(claims["sid"]))
        except InvalidInput as exc:
            raise refused() from exc


def ends_at(token: str) -> int:
    """Return when a token ends that was issued here, in seconds since 1970; it is not verified."""
    return int(jwt.decode(token, options={"verify_signature": False})["exp"])


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


def refused() -> InvalidToken:
    """Return what is raised for whatever is no good token; why not is nobody's business."""
    return InvalidToken("Invalid or expired token")


def compact(token: object) -> str:
    """Return `token` if it looks like one (RFC 7515, section 7.1), or raise `InvalidToken`."""
    if not isinstance(token, str) or len(token) > MAX_TOKEN_LENGTH or not _COMPACT.fullmatch(token):
        raise refused()
    return token


def decoded(token: str, key: Any, algorithms: list[str], expected: Expected) -> dict[str, Any]:
    """Return what a token says whose signature, end, issuer and audience are good. Raises `InvalidToken`."""
    checked = {
        "verify_aud": expected.audience is not None,
        "verify_iss": expected.issuer is not None,
        "verify_iat": False,
    }
    options: Any = {"require": ["exp"], **checked}
    names: Any = {"issuer": expected.issuer, "audience": expected.audience}
    try:
        return jwt.decode(token, key, algorithms=algorithms, options=options, **names)
    except Exception as exc:  # whatever PyJWT meets in what a stranger wrote: it does not translate all of it
        raise refused() from exc


def claims_of(claims: dict[str, Any], expected: Expected, session_id: str | None = None) -> Claims:
    """Return who a verified token is of. Raises `InvalidToken` for one that may not be so."""
    try:
        role = Role(str(claims.get("role")))
        organization_id = sys.intern(check_organization_id(claims.get("organizationId")))  # compared at every delivery
    except (InvalidInput, ValueError, TypeError) as exc:
        raise refused() from exc
    expires_at, issued_at = _lifetime(claims, expected.longest_lifetime_s)
    return Claims(_user_id(claims), organization_id, role, int(expires_at), issued_at, session_id)


def _user_id(claims: dict[str, Any]) -> str:
    """Return `userId`, which must not look like another subject, nor hold what no store can keep."""
    user_id = claims.get("userId")
    if not isinstance(user_id, str) or not 1 <= len(user_id) <= 256 or user_id.startswith(OWN_SUBJECTS):
        raise refused()
    if any("\ud800" <= character <= "\udfff" for character in user_id):  # JSON can spell them
        raise refused()
    return user_id


def _lifetime(claims: dict[str, Any], longest_s: int) -> tuple[float, float | None]:
    """Return `exp` and `iat`, which may be missing. PyJWT takes texts and booleans for `exp`, and refuses as an `iat`
    that of another host which issued the token in this very second, if its clock is ahead at all."""
    now = time.time()
    issued_at = _seconds(claims["iat"]) if claims.get("iat") is not None else None
    expires_at = _seconds(claims["exp"])
    begins_at = now if issued_at is None else issued_at
    if begins_at > now + CLOCK_SKEW_S or expires_at - begins_at > longest_s + CLOCK_SKEW_S:
        raise refused()
    return expires_at, issued_at


def _seconds(value: object) -> float:
    """Return a time in seconds since 1970 (a NumericDate of RFC 7519)."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise refused()
    try:
        return float(value)
    except OverflowError as exc:
        raise refused() from exc
