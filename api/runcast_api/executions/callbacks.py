"""Reports of workers: stored under the organization that they are of, then relayed as received."""

from typing import Any

import anyio
import structlog
from starlette.requests import Request
from starlette.responses import Response

from runcast_api.executions.reporters import Reporter, authenticate_reporter, ended, reported_organization
from runcast_api.http.answer import Answer
from runcast_api.http.bodies import parse, read_object
from runcast_api.models.callbacks import CallbackLog, CallbackUpdate
from runcast_core.bus.bus import Bus, Signal, SignalKind
from runcast_core.bus.hints import hint
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import BusUnavailable, InvalidInput, LeaseLost, StoreUnavailable
from runcast_core.model.events import EXECUTION_LOG, EXECUTION_UPDATED, Event, relayed
from runcast_core.model.executions import Execution, LogChunk, Status
from runcast_core.model.identifiers import check_task_id, room
from runcast_core.model.wire.callbacks import Broadcasted, Ok
from runcast_core.model.wire.output import Chunk
from runcast_core.model.wire.shape import builtins
from runcast_core.store.announcer import note_announced
from runcast_core.store.store import Store

log = structlog.get_logger()

_OURS = {"organizationId", *Chunk.__struct_encode_fields__}
"""Fields that a worker's output is not relayed with: what is told of a chunk is what is stored."""


async def update(request: Request) -> Response:
    reporter = await authenticate_reporter(request)
    body = await read_object(request)
    report = parse(CallbackUpdate, body)
    task_id = check_task_id(report.task_id)
    organization_id = await reported_organization(request, reporter, report.organization_id, task_id)
    if organization_id is None:
        warning = "Execution update missing organizationId, broadcasting globally"
        await _broadcast(request, relayed(EXECUTION_UPDATED, task_id, body), warning)
    else:
        event = relayed(EXECUTION_UPDATED, task_id, body | {"organizationId": organization_id})
        await _store_and_relay(request, reporter, organization_id, report, event)
    return Answer(Broadcasted(status="broadcasted"))


async def append_log(request: Request) -> Response:
    reporter = await authenticate_reporter(request)
    body = await read_object(request)
    report = parse(CallbackLog, body)
    task_id = check_task_id(report.task_id)
    organization_id = await reported_organization(request, reporter, report.organization_id, task_id)
    if organization_id is None:
        warning = "Log broadcast missing organizationId, broadcasting globally"
        await _broadcast(request, relayed(EXECUTION_LOG, task_id, body), warning)
        return Answer(Ok(status="ok"))
    chunk = await _stored(request, reporter, organization_id, task_id, report.log)
    shown: dict[str, Any] = {name: value for name, value in body.items() if name not in _OURS}
    await _publish(request, organization_id, relayed(EXECUTION_LOG, task_id, shown | builtins(Chunk.of(chunk))))
    return Answer(Ok(status="ok"))


async def _stored(request: Request, reporter: Reporter, organization_id: str, task_id: str, text: str) -> LogChunk:
    store: Store = request.app.state.store
    await _recorded(store, reporter, organization_id, task_id, None)
    try:
        return await store.append_external_log(organization_id, task_id, text, now_ms())
    except (StoreUnavailable, anyio.get_cancelled_exc_class()):
        request.app.state.bus.owe_resync(organization_id, task_id)  # it may be stored all the same
        raise


async def _store_and_relay(
    request: Request, reporter: Reporter, organization_id: str, report: CallbackUpdate, event: Event
) -> None:
    store: Store = request.app.state.store
    known = Status(report.status) if report.status in Status.__members__ else None
    extra = report.model_extra or {}
    execution = await _recorded(
        store,
        reporter,
        organization_id,
        report.task_id,
        known,
        image=_text(extra.get("image")) or None,
        error=_text(extra.get("error")),
        exit_code=_exit_code(extra.get("exitCode")),
    )
    if execution.status.terminal and execution.runner_id is not None:
        # If that runner is lost, nobody else will end its attempt, and tell of output that it did not publish.
        request.app.state.bus.owe_resync(organization_id, execution.task_id)
        await hint(request.app.state.bus, Signal(SignalKind.CANCEL, organization_id, execution.task_id))
    if not await _publish(request, organization_id, event):
        return
    log.info("Broadcast execution-updated", room=room(organization_id), task=report.task_id, status=report.status)
    if execution.status is known:  # else the event told something that is not the stored state
        await note_announced(store, execution)


async def _recorded(
    store: Store, reporter: Reporter, organization_id: str, task_id: str, status: Status | None, **told: Any
) -> Execution:
    """Record a report, of a job only while it runs. Raises `Forbidden` if that ended meanwhile."""
    try:
        return await store.record_external(organization_id, task_id, status, attempt=reporter.attempt, **told)
    except LeaseLost:
        raise ended() from None


async def _publish(request: Request, organization_id: str, event: Event) -> bool:
    """Relay what is stored already. If Redis does not answer, dashboards read it over HTTP."""
    bus: Bus = request.app.state.bus
    try:
        await bus.publish(organization_id, event)
    except BusUnavailable as error:
        log.warning("Callback stored but not relayed", task=event.task_id, reason=error.message)
        return False
    return True


async def _broadcast(request: Request, event: Event, warning: str) -> None:
    if not request.app.state.settings.global_fallback:
        text = "organizationId is required; RUNCAST_GLOBAL_FALLBACK would send this to every organization"
        raise InvalidInput(text, code="ORGANIZATION_REQUIRED")
    request.app.state.metrics.fallbacks.labels(event.name).inc()
    log.warning(warning, task=event.task_id)
    await request.app.state.bus.broadcast(event)


def _text(value: object) -> str | None:
    return value[:4096] if isinstance(value, str) else None


def _exit_code(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31 else None
