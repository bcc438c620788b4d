"""The credential that a request shows, as it is."""

from starlette.requests import Request


def bearer(request: Request) -> str | None:
    """Return the bearer token (RFC 6750); None without one. Of a header that came several times, all are one, which is
    no good."""
    scheme, _, token = ",".join(request.headers.getlist("authorization")).partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
