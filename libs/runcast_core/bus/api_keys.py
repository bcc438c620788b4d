"""API keys as gateways learn of them, which have no store: what each is, under the hash of its secret.

The store has them (`store/`); an api tells the bus when one is made or revoked, and all of them again whenever it tells
everything (`store/teller.py`). `redis/api_keys.py` is the real one, `memory_api_keys.py` the fake.
"""

from typing import Protocol

from runcast_core.model.credentials import ApiKey

FORGOTTEN_S = 3600
"""How long a key that was forgotten cannot be told again: whoever read it from the store before it was revoked there
tells it within that time, or not at all."""


class ApiKeys(Protocol):
    """The part of the bus that knows API keys."""

    async def tell_key(self, secret_hash: str, key: ApiKey) -> None:
        """Let it be known until its end, but for its scope. Idempotent; nothing happens if it was forgotten within
        `FORGOTTEN_S`."""
        ...

    async def forget_key(self, credential_id: str) -> None:
        """Let it be known no more, whether it was or not."""
        ...

    async def known_key(self, secret_hash: str) -> ApiKey | None:
        """Return whose secret has this hash; None if there is no such key. Raises `BusUnavailable` where nobody can say
        so: nobody has told everything since the bus was empty, or it does not answer."""
        ...
