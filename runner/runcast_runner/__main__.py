"""`python -m runcast_runner`: one runner and its probes. SIGTERM drains, a second one kills."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import anyio
import uvicorn
from prometheus_client import CollectorRegistry

from runcast_core.errors import RuncastError, SettingError, messages
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
    faults: list[str] = []
    try:
        settings = RunnerSettings.from_mapping(os.environ)
        configure_logging(settings.log_format, settings.log_level)
        anyio.run(_run, settings)
    except* RuncastError as group:
        faults = messages(group)
    if faults:
        sys.exit(f"runcast-runner: {'; '.join(faults)}")


async def _run(settings: RunnerSettings) -> None:
    executor = await anyio.to_thread.run_sync(choose_executor, settings)
    registry = CollectorRegistry()
    shutdown = anyio.Event()
    with _listen(settings.host, settings.port) as listener:
        async with open_store(settings.store_url) as store, open_redis_bus(settings.redis_url) as bus:
            app = create_app(store, bus, registry)
            config = uvicorn.Config(app, lifespan="off", access_log=False, log_config=None)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(shut_down_on_signal, shutdown)
                tasks.start_soon(_Server(config).serve, [listener])
                await run_runner(
                    settings, store=store, bus=bus, executor=executor, shutdown=shutdown, registry=registry
                )
                tasks.cancel_scope.cancel()


def _listen(host: str, port: int) -> socket.socket:
    """Bind the port before anything of an earlier runner is touched: it may be running. Raises `SettingError`."""
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as exc:
        raise SettingError(f"RUNCAST_HOST, RUNCAST_PORT: {host}:{port} cannot be used ({exc.strerror})") from exc


if __name__ == "__main__":
    main()
