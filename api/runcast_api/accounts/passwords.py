"""Passwords, hashed with Argon2id in threads; a wrong e-mail address takes as long as a wrong password.

They are hashed in NFKC (NIST SP 800-63B). What versions before that hashed as it was typed goes on working.
"""

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from runcast_api.accounts.password_rules import normalized

_HASHER = PasswordHasher()
_ABSENT = _HASHER.hash("nobody has this password")
_MAX_AT_ONCE = 4
"""Each hash takes 64 MiB."""

_limiters: RunVar[anyio.CapacityLimiter] = RunVar("limiter of password hashing")


async def hash_password(password: str) -> str:
    return await anyio.to_thread.run_sync(_HASHER.hash, normalized(password), limiter=_limiter())


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is right; without a hash it takes the same time and is wrong."""

    def verify() -> bool:
        written = dict.fromkeys((normalized(password), password))
        return any(_matches(password_hash or _ABSENT, text) for text in written) and password_hash is not None

    return await anyio.to_thread.run_sync(verify, limiter=_limiter())


def _matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _limiter() -> anyio.CapacityLimiter:
    limiter = _limiters.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(_MAX_AT_ONCE)
        _limiters.set(limiter)
    return limiter
