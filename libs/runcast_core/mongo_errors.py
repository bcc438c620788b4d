"""Translates PyMongo's errors; a duplicate key is left to the verb that knows what it means."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import DuplicateKeyError, PyMongoError

from runcast_core.errors import StoreUnavailable


@contextmanager
def translated() -> Iterator[None]:
    """Raise `StoreUnavailable` for whatever PyMongo raises but `DuplicateKeyError`; the text has no address."""
    try:
        yield
    except DuplicateKeyError:
        raise
    except PyMongoError as exc:
        raise StoreUnavailable(f"MongoDB did not answer: {type(exc).__name__}") from exc
