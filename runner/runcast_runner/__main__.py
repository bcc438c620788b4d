"""`python -m runcast_runner`: one runner and its probes. SIGTERM drains, a second one kills."""

import os

import anyio
import uvicorn
from prometheus_client import CollectorRegistry

from runcast_core.bus.redis.bus import open_redis_bus
from runcast_core.serving.logging import configure_logging
from runcast_core.serving.shutdown import shut_down_on_signal
from runcast_core.serving.start import Server, faults_told, listen
from runcast_core.store.open import open_store
from runcast_runner.app import create_app
from runcast_runner.executors.executors import choose_executor
from runcast_runner.runner import run_runner
from runcast_runner.settings import RunnerSettings


def main() -> None:
    with faults_told("runcast-runner"):
        settings = RunnerSettings.from_mapping(os.environ)
        configure_logging(settings.log_format, settings.log_level)
        anyio.run(_run, settings)


async def _run(settings: RunnerSettings) -> None:
    executor = await anyio.to_thread.run_sync(choose_executor, settings)
    registry = CollectorRegistry()
    shutdown = anyio.Event()
    # Bound before anything of an earlier runner is touched: it may be running.
    with listen(settings.host, settings.port, otherwise="set RUNCAST_HOST, RUNCAST_PORT") as listener:
        async with open_store(settings.store_url) as store, open_redis_bus(settings.redis_url) as bus:
            app = create_app(store, bus, registry)
            config = uvicorn.Config(app, lifespan="off", access_log=False, log_config=None)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(shut_down_on_signal, shutdown)
                tasks.start_soon(Server(config).serve, [listener])
                await run_runner(
                    settings, store=store, bus=bus, executor=executor, shutdown=shutdown, registry=registry
                )
                tasks.cancel_scope.cancel()


if __name__ == "__main__":
    main()
