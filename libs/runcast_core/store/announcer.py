"""Tells dashboards about stored states, and gateways about revoked sessions: at once, and again for what a crash or
Redis left unannounced."""

import structlog

from runcast_core.bus.bus import Bus, Signal, SignalKind
from runcast_core.bus.hints import hint
from runcast_core.bus.revocations import Revocation
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import BusUnavailable, StoreUnavailable
from runcast_core.model.events import execution_updated
from runcast_core.model.executions import Execution, Status
from runcast_core.model.identifiers import EVERYBODY, room
from runcast_core.store.key_directory import forget_keys, tell_revocation
from runcast_core.store.store import Store
from runcast_core.store.sweeps import sweep

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


async def announce_and_wake(store: Store, bus: Bus, execution: Execution) -> None:
    """Announce the state; where that is `PENDING`, wake the runners too."""
    await announce(store, bus, execution)
    if execution.status is Status.PENDING:
        await hint(bus, Signal(SignalKind.WAKE, execution.organization_id))


async def note_announced(store: Store, execution: Execution) -> None:
    """Note that the state was published; if the store does not answer, the sweep publishes it once more."""
    try:
        await store.announced(execution.organization_id, execution.task_id, execution.rev)
    except StoreUnavailable as error:
        log.warning("Announcement not noted", task=execution.task_id, rev=execution.rev, reason=error.message)


async def announce_revocation(store: Store, bus: Bus, revocation: Revocation, *, keep_s: int) -> None:
    """Tell the gateways, then note that they were told. What fails is left to the sweep: the api refuses the tokens
    already, as the revocation is stored. `keep_s` is the longest lifetime of a token."""
    try:
        if revocation.subject == EVERYBODY:
            await forget_keys(store, bus, revocation.organization_id)
        await tell_revocation(bus, revocation, keep_s)
    except (BusUnavailable, StoreUnavailable) as error:
        log.warning("Revocation not told to gateways yet", subject=revocation.subject, reason=error.message)
        return
    log.info("Sessions revoked", organization=revocation.organization_id, subject=revocation.subject)
    try:
        await store.revocation_announced(revocation)
    except StoreUnavailable as error:
        log.warning("Announcement not noted", subject=revocation.subject, reason=error.message)


async def sweep_unannounced(store: Store, bus: Bus, *, interval: float = 1.0, older_than_ms: int = 5000) -> None:
    """Announce, for ever, every state that stayed unannounced for `older_than_ms`; looks each `interval` seconds."""

    async def announce_left() -> None:
        for execution in await store.unannounced(before=now_ms() - older_than_ms):
            await announce(store, bus, execution)

    await sweep("Sweep of unannounced states failed", announce_left, interval)


async def sweep_revocations(store: Store, bus: Bus, *, keep_s: int, interval: float = 1.0) -> None:
    """Tell the gateways, for ever, of every revocation that they may not know; looks each `interval` seconds."""

    async def announce_left() -> None:
        for revocation in await store.unannounced_revocations():
            await announce_revocation(store, bus, revocation, keep_s=keep_s)

    await sweep("Sweep of unannounced revocations failed", announce_left, interval)
