"""Composes the api in one Starlette application."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import anyio
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from runcast_api.accounts.last_uses import LastUses
from runcast_api.accounts.pages.chain import Chain
from runcast_api.documentation.call import Call, Handler
from runcast_api.documentation.calls import CALLS
from runcast_api.documentation.docs_page import docs
from runcast_api.documentation.openapi import openapi_json
from runcast_api.executions.output_shares import OutputShares
from runcast_api.http.compression import Compression
from runcast_api.http.problems import on_http_exception, on_runcast_error, on_unexpected
from runcast_api.http.request_ids import RequestIds
from runcast_api.metrics import ApiMetrics
from runcast_api.page.files import built_page
from runcast_api.page.hosting import Hosting
from runcast_api.page.policy import page_headers
from runcast_api.settings import ApiSettings
from runcast_core.access.job_tokens import job_tokens_of
from runcast_core.access.sealing import sealer_of
from runcast_core.access.verifier import token_verifier
from runcast_core.bus.bus import Bus
from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.model.errors import RuncastError
from runcast_core.serving.probes import probe_routes
from runcast_core.store.announcer import sweep_revocations, sweep_unannounced
from runcast_core.store.expiry import sweep_expired
from runcast_core.store.key_directory import tell_keys
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from runcast_core.store.teller import Teller, forget_old_sessions, tell_revocations


def create_app(
    settings: ApiSettings,
    *,
    store: Store | None = None,
    bus: Bus | None = None,
    registry: CollectorRegistry | None = None,
) -> Starlette:
    """Return the api's application; it opens its own store and bus unless given them."""
    counters = registry if registry is not None else CollectorRegistry()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            state = app.state
            state.store = (
                store if store is not None else await stack.enter_async_context(open_store(settings.store_url))
            )
            state.bus = bus if bus is not None else await stack.enter_async_context(open_redis_bus(settings.redis_url))
            state.teller = _teller(state.store, state.bus, settings)
            await stack.enter_async_context(_sweeping(state, settings))
            yield

    async def ping_store() -> None:
        await app.state.store.ping()

    async def ping_bus() -> None:
        await app.state.bus.ping()

    documentation = [
        Route(path, handler, middleware=[Middleware(Compression)])
        for path, handler in (("/openapi.json", openapi_json), ("/docs", docs))
    ]
    probes = probe_routes({"store": ping_store, "redis": ping_bus}, counters)
    app = Starlette(
        routes=[*_routes(), *documentation, *probes],
        lifespan=lifespan,
        middleware=_middleware(settings),
        exception_handlers={
            RuncastError: on_runcast_error,
            HTTPException: on_http_exception,
            Exception: on_unexpected,
        },
    )
    app.router.default = Hosting(built_page(), page_headers(settings.gateway_origins), app.router.default)
    app.state.settings = settings
    app.state.last_uses = LastUses()
    app.state.sealer = sealer_of(settings)
    app.state.chain = Chain(settings.jwt_secret.get_secret_value()) if settings.jwt_secret is not None else None
    app.state.job_tokens = job_tokens_of(settings)
    app.state.verifier = token_verifier(settings)
    app.state.metrics = ApiMetrics(counters)
    app.state.output_shares = OutputShares()
    return app


def _middleware(settings: ApiSettings) -> list[Middleware]:
    return [
        Middleware(RequestIds),
        Middleware(TrustedHostMiddleware, allowed_hosts=settings.allowed_hosts, www_redirect=False),
        Middleware(
            CORSMiddleware,
            allow_origins=settings.origins.allow_origins,
            allow_origin_regex=settings.origins.allow_origin_regex,
            allow_methods=["*"],
            allow_headers=["*"],
        ),
    ]


@asynccontextmanager
async def _sweeping(state: State, settings: ApiSettings) -> AsyncIterator[None]:
    """While the context is open, announce what others left unannounced, tell again what Redis must not forget, note
    the last uses of keys, and remove what expired."""
    store, bus, keep_s = state.store, state.bus, settings.longest_lifetime_s
    await state.teller.start()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(state.teller.run)
        tasks.start_soon(sweep_unannounced, store, bus)
        tasks.start_soon(state.last_uses.run, store)
        tasks.start_soon(partial(sweep_revocations, store, bus, keep_s=keep_s))
        tasks.start_soon(partial(forget_old_sessions, store, keep_s=keep_s))
        tasks.start_soon(sweep_expired, store)
        yield
        tasks.cancel_scope.cancel()


def _teller(store: Store, bus: Bus, settings: ApiSettings) -> Teller:
    """Return what tells Redis all that gateways know from there alone."""
    revocations = partial(tell_revocations, store, bus, keep_s=settings.longest_lifetime_s)
    return Teller(bus, [revocations, partial(tell_keys, store, bus)])


def _routes() -> list[Route]:
    """Return one route for each path, so that a 405 names all of its methods. A provider's user id may hold a `/`."""
    paths: dict[str, dict[str, Call]] = {}
    for call in CALLS:
        paths.setdefault(call.path.replace("{userId}", "{userId:path}"), {})[call.method] = call
    return [_route(path, calls) for path, calls in paths.items()]


def _route(path: str, calls: dict[str, Call]) -> Route:
    compressed = any(call.compressible for call in calls.values())
    middleware = [Middleware(Compression)] if compressed else []
    return Route(path, _dispatching(calls), methods=list(calls), middleware=middleware)


def _dispatching(calls: dict[str, Call]) -> Handler:
    async def dispatch(request: Request) -> Response:
        return await calls["GET" if request.method == "HEAD" else request.method].handler(request)

    return dispatch
