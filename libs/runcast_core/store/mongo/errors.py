"""Translates PyMongo's errors. The texts hold neither an address nor a value of a document."""

from collections.abc import Iterator
from contextlib import contextmanager

from pymongo.errors import DuplicateKeyError, OperationFailure, PyMongoError

from runcast_core.model.errors import StoreUnavailable

DUPLICATE_KEY = 11000


@contextmanager
def translated() -> Iterator[None]:
    """Raise `StoreUnavailable` for whatever PyMongo raises; a verb that expects a duplicate key catches it within."""
    try:
        yield
    except OperationFailure as exc:
        raise StoreUnavailable(f"MongoDB refused: {_name(exc)}") from exc
    except PyMongoError as exc:
        raise StoreUnavailable(f"MongoDB did not answer: {type(exc).__name__}") from exc


def hit_index(error: DuplicateKeyError, name: str) -> bool:
    """Tell which unique index it was; every server names it in `errmsg`, only some in `keyPattern`."""
    return f" index: {name} " in str((error.details or {}).get("errmsg"))


def _name(error: OperationFailure) -> str:
    return str((error.details or {}).get("codeName") or type(error).__name__)
