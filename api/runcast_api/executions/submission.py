"""Requests to run something, new ones and those that are run again."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate_writer, check_scope
from runcast_api.accounts.names import name_of
from runcast_api.executions.executions import find
from runcast_api.executions.shown_request import shown_command
from runcast_api.http.answer import Answer
from runcast_api.http.bodies import parse, read, read_if_any
from runcast_api.models.executions import ExecutionRequest, Place, Rerun
from runcast_core.access.sealing import Sealer, has_secrets
from runcast_core.access.tokens import Claims
from runcast_core.model.clock import now_ms
from runcast_core.model.errors import Conflict, InvalidInput
from runcast_core.model.executions import DEFAULT_POOL, Execution, canonical
from runcast_core.model.identifiers import check_task_id, new_id
from runcast_core.model.wire.executions import ExecutionState
from runcast_core.store.announcer import announce_and_wake
from runcast_core.store.store import Store


async def request_execution(request: Request) -> Response:
    claims = await authenticate_writer(request)
    body = await read(ExecutionRequest, request)
    return await _submit(request, claims, _wanted_id(body.task_id), body.stored())


async def rerun(request: Request) -> Response:
    claims = await authenticate_writer(request)
    body = await read_if_any(Rerun, request)
    task_id = _wanted_id(body.task_id)
    execution = await find(request, claims)
    check_scope(claims, execution.image, execution.pool)
    if not execution.request:
        text = "this execution was reported by a worker; there is no request to run again"
        raise Conflict(text, code="NOTHING_TO_RERUN")
    sealer = _sealer_for(request, execution.request)
    plain = dict(execution.request)
    if sealer is not None:
        plain = sealer.open(plain, execution.organization_id, execution.task_id)
    return await _submit(request, claims, task_id, plain)


def _wanted_id(task_id: str | None) -> str:
    return check_task_id(task_id) if task_id is not None else new_id()


async def _submit(request: Request, claims: Claims, task_id: str, plain: dict[str, Any]) -> Response:
    place = parse(Place, plain.get("config", {}))  # of a request that is older than these fields, it may be anything
    check_scope(claims, plain["image"], place.pool or DEFAULT_POOL)
    store: Store = request.app.state.store
    execution, created = await _created(store, await _new(request, claims, task_id, plain, place), plain)
    if created:
        await announce_and_wake(store, request.app.state.bus, execution)
    return Answer(ExecutionState.of(execution), 202)


async def _new(request: Request, claims: Claims, task_id: str, plain: dict[str, Any], place: Place) -> Execution:
    own = claims.organization_id, task_id
    sealer = _sealer_for(request, plain)
    now = now_ms()
    return Execution(
        *own,
        plain["image"],
        now,
        now,
        request=plain if sealer is None else sealer.seal(plain, *own),
        requested_by=claims.user_id,
        requested_by_name=await name_of(request, claims),
        priority=place.priority or 0,
        pool=place.pool or DEFAULT_POOL,
        command=shown_command(plain),
        max_attempts=1 + (place.retry_attempts or 0),
        fingerprint="" if sealer is None else sealer.fingerprint(plain, *own),
    )


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
