"""The cookies of a session, each made from the one before: who refreshes twice with one cookie, or never saw the
answer, gets the very same next one. Whoever stole a cookie cannot make the next, as that takes the api's key.
"""

import base64
import hmac

from runcast_core.access.derived_keys import derived_key

_SEAL_BYTES = 16


class Chain:
    """Derives with keys of its own from the installation's token secret."""

    def __init__(self, secret: str) -> None:
        self._key = derived_key(secret, b"runcast page sessions v1")
        self._seal_key = derived_key(secret, b"runcast page sessions' seals v1")

    def successor(self, session_id: str, secret: str) -> str:
        """Return the secret after this one: 256 bits in base64url."""
        return _text(_digest(self._key, session_id, secret))

    def value(self, session_id: str, secret: str) -> str:
        """Return the cookie: the session, the secret, and the seal by which it is known to have been given out here."""
        return f"{session_id}.{secret}.{self._seal(session_id, secret)}"

    def gave_out(self, session_id: str, secret: str, seal: str) -> bool:
        """Tell a cookie of the session, however old, from what somebody made up."""
        return hmac.compare_digest(self._seal(session_id, secret), seal)

    def _seal(self, session_id: str, secret: str) -> str:
        return _text(_digest(self._seal_key, session_id, secret)[:_SEAL_BYTES])


def _digest(key: bytes, session_id: str, secret: str) -> bytes:
    return hmac.digest(key, f"{session_id}.{secret}".encode(), "sha256")


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
