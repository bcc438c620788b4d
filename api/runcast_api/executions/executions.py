"""Executions over HTTP: request, list, look, cancel, run again, delete. Another organization's is not found."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate, authenticate_writer, check_scope
from runcast_api.executions.cursors import decode_cursor, encode_cursor
from runcast_api.http import queries
from runcast_api.http.answer import Answer
from runcast_api.http.bodies import parse, read
from runcast_api.models.executions import ExecutionRequest, Place
from runcast_core.access.sealing import Sealer, has_secrets
from runcast_core.access.tokens import Claims
from runcast_core.bus.bus import Bus, Signal, SignalKind
from runcast_core.bus.hints import hint
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import Conflict, InvalidInput, NotFound
from runcast_core.model.executions import DEFAULT_POOL, Execution, Status, canonical
from runcast_core.model.identifiers import check_task_id, new_id
from runcast_core.model.scopes import EVERYTHING
from runcast_core.model.wire.executions import AttemptState, CancelState, ExecutionDetail, ExecutionPage, ExecutionState
from runcast_core.store.announcer import announce, announce_and_wake
from runcast_core.store.store import Position, Store

HIDDEN = "***"
PAGE = 50
MAX_PAGE = 200
_VALUES = ("environment", "envVars", "secrets")


async def request_execution(request: Request) -> Response:
    claims = await authenticate_writer(request)
    body = await read(ExecutionRequest, request)
    task_id = check_task_id(body.task_id) if body.task_id is not None else new_id()
    return await _submit(request, claims, task_id, body.stored())


async def rerun(request: Request) -> Response:
    claims = await authenticate_writer(request)
    execution = await _existing(request, claims)
    check_scope(claims, execution.image, execution.pool)
    if not execution.request:
        text = "this execution was reported by a worker; there is no request to run again"
        raise Conflict(text, code="NOTHING_TO_RERUN")
    sealer = _sealer_for(request, execution.request)
    plain = dict(execution.request)
    if sealer is not None:
        plain = sealer.open(plain, execution.organization_id, execution.task_id)
    return await _submit(request, claims, new_id(), plain)


async def list_executions(request: Request) -> Response:
    claims = await authenticate(request)
    limit = queries.integer(request, "limit", PAGE, minimum=1, maximum=MAX_PAGE)
    cursor = request.query_params.get("cursor")
    found: list[Execution] = await request.app.state.store.executions(
        claims.organization_id,
        status=queries.status(request),
        image=request.query_params.get("image"),
        after=decode_cursor(cursor) if cursor else None,
        limit=limit + 1,
    )
    page = found[:limit]
    last = page[-1] if len(found) > limit else None
    next_cursor = encode_cursor(Position(last.created_at, last.task_id)) if last else None
    return Answer(ExecutionPage(executions=tuple(map(ExecutionState.of, page)), next_cursor=next_cursor))


async def show(request: Request) -> Response:
    execution = await _existing(request, await authenticate(request))
    detail = ExecutionDetail.of(
        execution,
        priority=execution.priority,
        pool=execution.pool,
        attempts=tuple(map(AttemptState.of, execution.attempts)),
        request=_without_values(execution.request),
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


async def existing(request: Request) -> Execution:
    """Return the execution of the path that the caller may read. Raises `NotFound` for everybody else's."""
    return await _existing(request, await authenticate(request))


async def _existing(request: Request, claims: Claims) -> Execution:
    execution: Execution | None = await request.app.state.store.execution(claims.organization_id, _task_id(request))
    if execution is None:
        raise NotFound("no such execution")
    return execution


async def _check_scope(request: Request, claims: Claims) -> None:
    """Raise `NotFound`, or `Forbidden` where an API key is not for what the path names."""
    if claims.scope != EVERYTHING:
        execution = await _existing(request, claims)
        check_scope(claims, execution.image, execution.pool)


async def _queue_position(store: Store, execution: Execution) -> int | None:
    """Return None for what does not wait, also if it was claimed just then."""
    if execution.status is not Status.PENDING:
        return None
    return await store.queue_position(execution.organization_id, execution.task_id)


async def _submit(request: Request, claims: Claims, task_id: str, plain: dict[str, Any]) -> Response:
    store, bus = _parts(request)
    now = now_ms()
    own = claims.organization_id, task_id
    place = parse(Place, plain.get("config", {}))  # of a request that is older than these fields, it may be anything
    check_scope(claims, plain["image"], place.pool or DEFAULT_POOL)
    sealer = _sealer_for(request, plain)
    new = Execution(
        *own,
        plain["image"],
        now,
        now,
        plain if sealer is None else sealer.seal(plain, *own),
        requested_by=claims.user_id,
        priority=place.priority or 0,
        pool=place.pool or DEFAULT_POOL,
        fingerprint="" if sealer is None else sealer.fingerprint(plain, *own),
    )
    execution, created = await _created(store, new, plain)
    if created:
        await announce_and_wake(store, bus, execution)
    return Answer(ExecutionState.of(execution), 202)


async def _created(store: Store, new: Execution, plain: dict[str, Any]) -> tuple[Execution, bool]:
    """As `create_execution`; one that the first version stored with plain secrets is the same as its plain request."""
    try:
        return await store.create_execution(new)
    except Conflict:
        found = await store.execution(new.organization_id, new.task_id)
        if found is None or found.fingerprint or canonical(found.request) != canonical(plain):
            raise
        return found, False


def _sealer_for(request: Request, stored: Mapping[str, Any]) -> Sealer | None:
    """Return None for a request without secrets. Raises `InvalidInput` where it has some and there is no key."""
    if not has_secrets(stored):
        return None
    sealer: Sealer | None = request.app.state.sealer
    if sealer is None:
        text = "this installation takes no secret values: set RUNCAST_SECRETS_KEY for api and runner"
        raise InvalidInput(text, code="SECRETS_NOT_CONFIGURED")
    return sealer


def _task_id(request: Request) -> str:
    return check_task_id(request.path_params["taskId"])


def _parts(request: Request) -> tuple[Store, Bus]:
    return request.app.state.store, request.app.state.bus


def _without_values(stored: Any) -> dict[str, Any]:
    """Return the request with every environment value and secret hidden, their names kept."""
    shown = dict(stored)
    config = dict(shown.get("config", {}))
    for name in _VALUES:
        if isinstance(config.get(name), dict):
            config[name] = dict.fromkeys(config[name], HIDDEN)
    return shown | ({"config": config} if config else {})
