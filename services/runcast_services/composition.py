"""api, gateway and runner in one process, over one store and one bus, on one port."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import anyio
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from runcast_api.app import create_app as create_api
from runcast_api.settings import ApiSettings
from runcast_core.bus.bus import Bus
from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.store.open import open_store
from runcast_core.store.store import Store
from runcast_gateway.app import create_app as create_gateway
from runcast_gateway.settings import GatewaySettings
from runcast_runner.executors.executors import choose_executor
from runcast_runner.runner import run_runner
from runcast_runner.settings import RunnerSettings
from runcast_services.reaper import running_reaper


@dataclass(frozen=True)
class Composition:
    """What runs: the ASGI application, the executor's name for the banner, what closes all dashboards' connections."""

    app: ASGIApp
    store: Store
    executor_name: str
    hang_up: Callable[[], None]


@asynccontextmanager
async def compose(environment: Mapping[str, str], shutdown: anyio.Event) -> AsyncIterator[Composition]:
    """Run the runner and the applications' own tasks while the context is open. `shutdown` drains the runner."""
    api_settings = ApiSettings.from_mapping(environment)
    registry = CollectorRegistry()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(api_settings.store_url))
        bus = await stack.enter_async_context(open_redis_bus(api_settings.redis_url))
        api = create_api(api_settings, store=store, bus=bus, registry=registry)
        gateway = create_gateway(GatewaySettings.from_mapping(environment), bus=bus, registry=registry)
        executor_name = await stack.enter_async_context(_runner(environment, store, bus, shutdown, registry))
        for app in (api, gateway):
            await stack.enter_async_context(app.router.lifespan_context(app))
        yield Composition(_dispatch(api, gateway), store, executor_name, gateway.state.gateway.drain.hang_up)


@asynccontextmanager
async def _runner(
    environment: Mapping[str, str], store: Store, bus: Bus, shutdown: anyio.Event, registry: CollectorRegistry
) -> AsyncIterator[str]:
    settings = RunnerSettings.from_mapping(environment)
    executor = await anyio.to_thread.run_sync(choose_executor, settings)

    async def run() -> None:
        await run_runner(settings, store=store, bus=bus, executor=executor, shutdown=shutdown, registry=registry)

    reaper = running_reaper(executor.name, settings.runner_id, settings.process_folder, settings.kill_grace_s)
    async with reaper, anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        yield executor.name
        shutdown.set()


def _dispatch(api: Starlette, gateway: Starlette) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        target = gateway if scope["path"].startswith("/socket.io") else api
        await target(scope, receive, send)

    return app
