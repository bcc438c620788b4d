"""Passwords, hashed with Argon2id in threads; a wrong e-mail address takes as long as a wrong password."""

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
_ABSENT = _HASHER.hash("nobody has this password")
_MAX_AT_ONCE = 4
"""Each hash takes 64 MiB."""

_limiters: RunVar[anyio.CapacityLimiter] = RunVar("limiter of password hashing")


async def hash_password(password: str) -> str:
    return await anyio.to_thread.run_sync(_HASHER.hash, password, limiter=_limiter())


async def verify_password(password_hash: str | None, password: str) -> bool:
    """Tell whether the password is right; without a hash it takes the same time and is wrong."""

    def verify() -> bool:
        try:
            return _HASHER.verify(password_hash or _ABSENT, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False

    return await anyio.to_thread.run_sync(verify, limiter=_limiter())


def _limiter() -> anyio.CapacityLimiter:
    limiter = _limiters.get(None)
    if limiter is None:
        limiter = anyio.CapacityLimiter(_MAX_AT_ONCE)
        _limiters.set(limiter)
    return limiter
