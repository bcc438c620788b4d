"""One execution over HTTP: look, cancel, delete. Another organization's is not found."""

from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate, authenticate_writer, check_scope
from runcast_api.executions.shown_request import without_values
from runcast_api.http.answer import Answer
from runcast_core.access.tokens import Claims
from runcast_core.bus.bus import Bus, Signal, SignalKind
from runcast_core.bus.hints import hint
from runcast_core.model.errors import NotFound
from runcast_core.model.executions import Execution, ExecutionSummary, Status
from runcast_core.model.identifiers import check_task_id
from runcast_core.model.scopes import EVERYTHING
from runcast_core.model.wire.executions import AttemptState, CancelState, ExecutionDetail
from runcast_core.store.announcer import announce
from runcast_core.store.store import Store

T = TypeVar("T", Execution, ExecutionSummary)


async def show(request: Request) -> Response:
    execution = await find(request, await authenticate(request))
    detail = ExecutionDetail.of(
        execution,
        attempts=tuple(map(AttemptState.of, execution.attempts)),
        request=without_values(execution.request),
        queue_position=await _queue_position(request.app.state.store, execution),
    )
    return Answer(detail)


async def cancel(request: Request) -> Response:
    claims = await authenticate_writer(request)
    await _check_scope(request, claims)
    store, bus = _parts(request)
    execution = await store.request_cancel(claims.organization_id, _task_id(request))
    if execution.status.terminal:
        await announce(store, bus, execution)
    else:
        await hint(bus, Signal(SignalKind.CANCEL, claims.organization_id, execution.task_id))
    return Answer(CancelState.of(execution, cancel_requested=True), 202)


async def delete(request: Request) -> Response:
    claims = await authenticate_writer(request)
    await _check_scope(request, claims)
    await request.app.state.store.delete_execution(claims.organization_id, _task_id(request))
    return Response(status_code=204)


async def existing(request: Request) -> ExecutionSummary:
    """Return the state of the path's execution that the caller may read. Raises `NotFound` for everybody else's."""
    return await _state(request, await authenticate(request))


async def find(request: Request, claims: Claims) -> Execution:
    """Return the path's execution with its request. Raises `NotFound`, also for another organization's."""
    store, _ = _parts(request)
    return _there(await store.execution(claims.organization_id, _task_id(request)))


async def _state(request: Request, claims: Claims) -> ExecutionSummary:
    store, _ = _parts(request)
    return _there(await store.summary(claims.organization_id, _task_id(request)))


def _there(found: T | None) -> T:
    if found is None:
        raise NotFound("no such execution")
    return found


async def _check_scope(request: Request, claims: Claims) -> None:
    """Raise `NotFound`, or `Forbidden` where an API key is not for what the path names."""
    if claims.scope != EVERYTHING:
        execution = await _state(request, claims)
        check_scope(claims, execution.image, execution.pool)


async def _queue_position(store: Store, execution: Execution) -> int | None:
    """Return None for what does not wait, also if it was claimed just then."""
    if execution.status is not Status.PENDING:
        return None
    return (await store.queue_positions(execution.organization_id, [execution.task_id])).get(execution.task_id)


def _task_id(request: Request) -> str:
    return check_task_id(request.path_params["taskId"])


def _parts(request: Request) -> tuple[Store, Bus]:
    return request.app.state.store, request.app.state.bus
