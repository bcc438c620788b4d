"""Keys for one purpose each, from a secret of the installation's: HKDF-SHA256 (RFC 5869)."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derived_key(secret: str, purpose: bytes) -> bytes:
    """Return 32 bytes from which neither the secret nor another purpose's key can be found."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
