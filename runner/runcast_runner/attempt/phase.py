"""Notes and announces what an attempt waits for before it runs."""

import structlog

from runcast_core.bus.bus import Bus
from runcast_core.model.errors import Conflict, LeaseLost, StoreUnavailable
from runcast_core.model.executions import Execution, Phase
from runcast_core.store.announcer import announce
from runcast_core.store.store import Store

log = structlog.get_logger()


async def note_phase(store: Store, bus: Bus, execution: Execution, phase: Phase) -> None:
    """Store it and announce that. Nothing waits for a store that is away, as a phase is soon over; what has ended, or
    is not this runner's any more, is found out by its lease."""
    try:
        noted = await store.note_phase(execution.organization_id, execution.task_id, execution.fence, phase)
    except StoreUnavailable as error:
        log.warning("Phase not noted", task=execution.task_id, phase=phase.value, reason=error.message)
    except (LeaseLost, Conflict) as error:
        log.info("Phase not noted", task=execution.task_id, phase=phase.value, reason=error.message)
    else:
        await announce(store, bus, noted)
