"""Wall-clock time as the contracts carry it. Leases never use it: they are compared on the store's clock."""

import time
from datetime import UTC, datetime
from typing import overload


def now_ms() -> int:
    """Return milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


@overload
def iso(ms: int) -> str: ...
@overload
def iso(ms: int | None) -> str | None: ...
def iso(ms: int | None) -> str | None:
    """Return ISO 8601 with milliseconds and `Z`, as JavaScript's `toISOString` does."""
    if ms is None:
        return None
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
