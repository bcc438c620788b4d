"""The secrets of a session's cookies, each made from the one before: who refreshes twice with one cookie, or never saw
the answer, gets the very same next one. Whoever stole a cookie cannot make the next, as that takes the api's key.
"""

import base64
import hmac
from collections.abc import Collection

from runcast_core.access.derived_keys import derived_key
from runcast_core.model.credentials import secret_hash

MAX_STEPS = 4096
"""How far back a cookie is recognized. A page that is always open is refreshed 2,880 times in 30 days."""


class Chain:
    """Derives with a key of its own, made from the installation's token secret."""

    def __init__(self, token_secret: str) -> None:
        self._key = derived_key(token_secret, b"runcast page sessions v1")

    def successor(self, session_id: str, secret: str) -> str:
        """Return the secret after this one: 256 bits in base64url."""
        digest = hmac.digest(self._key, f"{session_id}.{secret}".encode(), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def leads_to(self, session_id: str, secret: str, hashes: Collection[str]) -> bool:
        """Tell whether a secret is one of these, or was one before them: it takes milliseconds."""
        for _ in range(MAX_STEPS):
            if secret_hash(secret) in hashes:
                return True
            secret = self.successor(session_id, secret)
        return False
