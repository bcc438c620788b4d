"""Opens the store of a URL; imports only that adapter, as an installation may lack the other's driver."""

from contextlib import AbstractAsyncContextManager

from runcast_core.model.errors import SettingError
from runcast_core.store.store import Store


def open_store(url: str) -> AbstractAsyncContextManager[Store]:
    """Open the store of a URL: `mongodb://…`, `mongodb+srv://…` or `sqlite:///path`.

    Creates tables or indexes that are missing. Raises `SettingError` for any other URL.
    """
    if url.startswith(("mongodb://", "mongodb+srv://")):
        from runcast_core.store.mongo.store import open_mongo_store

        return open_mongo_store(url)
    if url.startswith("sqlite:///"):
        from runcast_core.store.sqlite.store import open_sqlite_store

        return open_sqlite_store(url.removeprefix("sqlite://"))
    raise SettingError("MONGODB_URL must begin with mongodb:// or mongodb+srv://")
