"""Tells dashboards about stored states: at once, and again for what a crash or Redis left unannounced."""

import anyio
import structlog

from runcast_core.bus import Bus
from runcast_core.clock import now_ms
from runcast_core.errors import BusUnavailable, StoreUnavailable
from runcast_core.events import execution_updated
from runcast_core.executions import Execution
from runcast_core.identifiers import room
from runcast_core.store import Store

log = structlog.get_logger()


async def announce(store: Store, bus: Bus, execution: Execution) -> None:
    """Publish the state, then note that it was. What fails is left to the sweep: the state itself is stored."""
    try:
        await bus.publish(execution.organization_id, execution_updated(execution))
    except BusUnavailable as error:
        log.warning("Announcement postponed", task=execution.task_id, rev=execution.rev, reason=error.message)
        return
    log.info(
        "Broadcast execution-updated",
        room=room(execution.organization_id),
        task=execution.task_id,
        status=execution.status.value,
    )
    await note_announced(store, execution)


async def note_announced(store: Store, execution: Execution) -> None:
    """Note that the state was published; if the store does not answer, the sweep publishes it once more."""
    try:
        await store.announced(execution.organization_id, execution.task_id, execution.rev)
    except StoreUnavailable as error:
        log.warning("Announcement not noted", task=execution.task_id, rev=execution.rev, reason=error.message)


async def sweep_unannounced(store: Store, bus: Bus, *, interval: float = 1.0, older_than_ms: int = 5000) -> None:
    """Announce, for ever, every state that stayed unannounced for `older_than_ms`; looks each `interval` seconds.

    It outlives whatever a round raises, such as for a status that only a newer version knows: what runs beside it in
    one task group would end with it.
    """
    while True:
        await anyio.sleep(interval)
        try:
            for execution in await store.unannounced(before=now_ms() - older_than_ms):
                await announce(store, bus, execution)
        except StoreUnavailable as error:
            log.warning("Sweep of unannounced states failed", reason=error.message)
        except Exception as error:
            kind = type(error).__name__
            log.error("Sweep of unannounced states failed", kind=kind)  # noqa: TRY400 - its text may tell anything
