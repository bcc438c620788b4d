"""Removes executions that ended longer ago than their organization keeps them, with their output, in small steps."""

import anyio
import structlog

from runcast_core.model.clock import now_ms
from runcast_core.model.errors import RuncastError
from runcast_core.store.store import Store

log = structlog.get_logger()

INTERVAL_S = 600
PAUSE_S = 0.05
"""Between two steps, so that they hold up nobody else's writes."""
DAY_MS = 86_400_000


async def sweep_old(store: Store, default_days: int) -> None:
    """Look for ever, each `INTERVAL_S`. `default_days` is for organizations without `retention_days` of their own; 0 in
    either keeps everything."""
    while True:
        await anyio.sleep(INTERVAL_S)
        try:
            await remove_old(store, default_days)
        except RuncastError as error:
            log.warning("Removing old executions failed", reason=error.message)


async def remove_old(store: Store, default_days: int) -> None:
    """Go through all organizations once. Raises `StoreUnavailable`."""
    organization_id = await store.organization_after("")
    while organization_id:
        known = await store.organization(organization_id)
        own = known.retention_days if known else None
        if days := default_days if own is None else own:
            await _remove(store, organization_id, now_ms() - days * DAY_MS)
        organization_id = await store.organization_after(organization_id)


async def _remove(store: Store, organization_id: str, before: int) -> None:
    while True:
        if not await store.purge(organization_id, before=before):
            return
        await anyio.sleep(PAUSE_S)
