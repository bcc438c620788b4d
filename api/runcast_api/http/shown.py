"""The credential that a request shows, as it is. Of a header that came several times all are one, which is no good."""

from starlette.requests import Request

from runcast_core.model.credentials import is_api_key
from runcast_core.model.errors import InvalidToken


def bearer(request: Request) -> str | None:
    """Return the bearer token (RFC 6750); None without one."""
    scheme, _, token = _header(request, "authorization").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def token_or_key(request: Request) -> str:
    """Return the bearer token, or the key in `x-api-key`. Raises `InvalidToken` without either, if both are shown and
    are not the same, and if there is something else than a key in `x-api-key`."""
    token, key = bearer(request), _header(request, "x-api-key").strip()
    if not key:
        if token is None:
            raise InvalidToken("Authentication required", code="AUTHENTICATION_REQUIRED")
        return token
    if not is_api_key(key):
        raise InvalidToken("x-api-key takes an API key (rck_…); send a token as Authorization: Bearer <token>")
    if "authorization" in request.headers and token != key:
        raise InvalidToken("Authorization and x-api-key are not the same credential; send one of them")
    return key


def _header(request: Request, name: str) -> str:
    return ",".join(request.headers.getlist(name))
