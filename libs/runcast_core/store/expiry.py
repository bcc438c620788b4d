"""Removes keys, links and sessions that expired: they are worth nothing already, and only take room."""

from runcast_core.model.clock import now_ms
from runcast_core.store.store import Store
from runcast_core.store.sweeps import sweep


async def sweep_expired(store: Store, *, interval: float = 600.0) -> None:
    """Remove, for ever, what expired, some hundred at a time; looks each `interval` seconds."""

    async def remove_all() -> None:
        while await store.remove_expired(now_ms()):
            pass

    await sweep("Removal of what expired failed", remove_all, interval)
