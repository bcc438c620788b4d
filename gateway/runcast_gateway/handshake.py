"""Decides from a client's `auth` alone who it is. Refusals carry ORIGINAL's words for the client and for the log."""

from runcast_core.errors import InvalidToken
from runcast_core.tokens import Claims, TokenVerifier


class Refused(Exception):
    """The socket may not come in: `error` is for the client, `reason` for the log."""

    def __init__(self, error: str, reason: str) -> None:
        super().__init__(reason)
        self.error = error
        self.reason = reason


async def authenticate(auth: object, verifier: TokenVerifier) -> Claims:
    """Return who a client with this `auth` is. Only its `token` counts; raises `Refused`, or `KeysUnavailable`."""
    token = auth.get("token") if isinstance(auth, dict) else None
    if token is None or token == "":
        raise Refused("Authentication required", "No token provided")
    try:
        return await verifier.verify(token)
    except InvalidToken as exc:
        raise Refused("Invalid or expired token", "Invalid token") from exc
