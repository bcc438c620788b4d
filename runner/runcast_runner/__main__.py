"""`python -m runcast_runner`: one runner and its probes. SIGTERM drains, a second one kills."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import uvicorn
from prometheus_client import CollectorRegistry

from runcast_core.errors import RuncastError
from runcast_core.logging import configure_logging
from runcast_core.redis_bus import open_redis_bus
from runcast_core.shutdown import shut_down_on_signal
from runcast_core.stores import open_store
from runcast_runner.app import create_app
from runcast_runner.executors import choose_executor
from runcast_runner.runner import run_runner
from runcast_runner.settings import RunnerSettings


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: the runner drains first."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def main() -> None:
    try:
        settings = RunnerSettings.from_mapping(os.environ)
        configure_logging(settings.log_format, settings.log_level)
        anyio.run(_run, settings)
    except RuncastError as error:
        sys.exit(f"runcast-runner: {error.message}")


async def _run(settings: RunnerSettings) -> None:
    executor = await anyio.to_thread.run_sync(choose_executor, settings)
    registry = CollectorRegistry()
    shutdown = anyio.Event()
    async with open_store(settings.store_url) as store, open_redis_bus(settings.redis_url) as bus:
        app = create_app(store, bus, registry)
        config = uvicorn.Config(app, host=settings.host, port=settings.port, access_log=False, log_config=None)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(shut_down_on_signal, shutdown)
            tasks.start_soon(_Server(config).serve)
            await run_runner(settings, store=store, bus=bus, executor=executor, shutdown=shutdown, registry=registry)
            tasks.cancel_scope.cancel()


if __name__ == "__main__":
    main()
