"""`python -m runcast_gateway`: one gateway, its settings from the environment. SIGTERM drains, a second one kills."""

import gc
import os

import anyio
import uvicorn
from starlette.applications import Starlette

from runcast_core.serving.http_connection import http_options
from runcast_core.serving.logging import configure_logging
from runcast_core.serving.shutdown import shut_down_on_signal
from runcast_core.serving.start import Server, faults_told, listen
from runcast_gateway.app import create_app
from runcast_gateway.settings import GatewaySettings
from runcast_gateway.transport.direct_websocket import websocket_options

SHUTDOWN_S = 5
"""What a long poll may take to end after the drain."""


def main() -> None:
    with faults_told("runcast-gateway"):
        settings = GatewaySettings.from_mapping(os.environ)
        configure_logging(settings.log_format, settings.log_level)
        anyio.run(_main, settings, backend_options={"use_uvloop": True})


async def _main(settings: GatewaySettings) -> None:
    app = create_app(settings)
    with listen(settings.host, settings.port, otherwise="choose another with RUNCAST_PORT") as listener:
        config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=SHUTDOWN_S,
            **websocket_options(settings.max_message_bytes),
            **http_options(settings.handshake_s),
        )
        server = Server(config)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server.serve, [listener])
            await server.serving.wait()
            collect_rarely()
            await _drained_on_signal(app)
            server.stop()


async def _drained_on_signal(app: Starlette) -> None:
    """Return once a signal came and the connections are gone, spread over the window."""
    shutdown = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(shut_down_on_signal, shutdown)
        await shutdown.wait()
        await app.state.gateway.drain.run()
        tasks.cancel_scope.cancel()


def collect_rarely() -> None:
    """Let the garbage collector leave alone what lives as long as the process, and look less often at the rest: a
    gateway holds many objects that stay, and makes few cycles. At 1,000 sockets this halves the cost of a delivery."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 1000)


if __name__ == "__main__":
    main()
