"""How long an attempt may take, beside what its request asks for."""

import anyio

from runcast_core.model.errors import StoreUnavailable
from runcast_core.store.store import Store

RETRY_S = 0.5


async def longest_s(store: Store, organization_id: str, runners_s: float) -> float:
    """Return the organization's limit in seconds, or the runner's where that is less or the only one. Asks until the
    store answers."""
    while True:
        try:
            organization = await store.organization(organization_id)
        except StoreUnavailable:
            await anyio.sleep(RETRY_S)
        else:
            own = organization.timeout_limit_s if organization else None
            return runners_s if own is None else min(own, runners_s)
