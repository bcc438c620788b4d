"""Notes and announces what an attempt waits for before its first output."""

import anyio
import structlog

from runcast_core.bus.bus import Bus
from runcast_core.model.errors import Conflict, LeaseLost, StoreUnavailable
from runcast_core.model.executions import Execution, Phase
from runcast_core.store.announcer import announce
from runcast_core.store.store import Store

log = structlog.get_logger()

RETRY_S = 1.0
"""How long a store that is away is left alone before it is told again that there is output."""


class Phases:
    """One attempt's. What has ended, or is not this runner's any more, is found out by its lease."""

    def __init__(self, store: Store, bus: Bus, execution: Execution) -> None:
        self._store = store
        self._bus = bus
        self._execution = execution
        self._told = execution.phase is not None

    async def tell(self, phase: Phase) -> None:
        """Store it and announce that. Nothing waits for a store that is away, as a phase is soon over."""
        self._told = True
        await self._note(phase)

    async def end(self, output: anyio.Event) -> None:
        """Once there is output, have the execution wait for nothing any more, however long the store is away."""
        await output.wait()
        while self._told:
            if await self._note(None):
                return
            await anyio.sleep(RETRY_S)

    async def _note(self, phase: Phase | None) -> bool:
        """Return whether the store answered."""
        owner = self._execution
        try:
            noted = await self._store.note_phase(owner.organization_id, owner.task_id, owner.fence, phase)
        except StoreUnavailable as error:
            log.warning("Phase not noted", task=owner.task_id, phase=phase, reason=error.message)
            return False
        except (LeaseLost, Conflict) as error:
            log.info("Phase not noted", task=owner.task_id, phase=phase, reason=error.message)
        else:
            await announce(self._store, self._bus, noted)
        return True
