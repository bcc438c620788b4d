"""`runcast up`: everything in one process on one machine. SIGINT or SIGTERM drains, a second one kills."""

import hashlib
import socket
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import anyio
import structlog
import uvicorn

from runcast_core.serving.http_connection import http_options
from runcast_core.serving.logging import configure_logging
from runcast_core.serving.origins import LOOPBACK_HOSTS
from runcast_core.serving.settings import ServiceSettings
from runcast_core.serving.shutdown import shut_down_on_signal
from runcast_core.serving.start import Server, listen
from runcast_gateway.settings import GatewaySettings
from runcast_gateway.transport.direct_websocket import websocket_options
from runcast_services.banner import banner
from runcast_services.composition import Composition, compose
from runcast_services.data_directory import SECRETS_FILE, load_secrets, locked_data_directory
from runcast_services.demo_account import ensure_demo_account
from runcast_services.valkey import running_valkey

log = structlog.get_logger()

_FORMAT = "RUNCAST_LOG_FORMAT"


def run_up(environment: Mapping[str, str], *, host: str, port: int, data_directory: Path) -> None:
    """Run until a signal. Raises `SettingError` if a setting is wrong, the folder is in use or the port is taken."""
    shown = ServiceSettings.from_mapping({**environment, _FORMAT: environment.get(_FORMAT) or "console"})
    configure_logging(shown.log_format, shown.log_level)
    with ExitStack() as stack:
        directory = stack.enter_context(locked_data_directory(data_directory.absolute()))
        listener = stack.enter_context(listen(host, port, otherwise="choose another with --port"))
        given = {name: value for name, value in environment.items() if value}
        bound = _bound(listener)
        defaults = _defaults(directory, host, bound)
        settings = defaults | load_secrets(directory) | given | bound
        secrets_file = "" if "RUNCAST_CALLBACK_TOKEN" in given else str(directory / SECRETS_FILE)
        beside: Callable[[], Any] = anyio.sleep_forever
        if "REDIS_URL" not in settings:
            valkey = stack.enter_context(running_valkey(directory))
            settings["REDIS_URL"], beside = valkey.url, valkey.keep_running
        anyio.run(_main, settings, listener, beside, secrets_file, backend_options={"use_uvloop": True})


@asynccontextmanager
async def running(
    settings: Mapping[str, str], listener: socket.socket, shutdown: anyio.Event
) -> AsyncIterator[Composition]:
    """Serve on a bound socket while the context is open."""
    async with compose(settings, shutdown) as composition, anyio.create_task_group() as tasks:
        gateway = GatewaySettings.from_mapping(settings)
        config = uvicorn.Config(
            composition.app,
            lifespan="off",
            access_log=False,
            log_config=None,
            timeout_graceful_shutdown=3,
            **websocket_options(gateway.max_message_bytes),
            **http_options(gateway.handshake_s),
        )
        server = Server(config)
        tasks.start_soon(server.serve, [listener])
        await server.serving.wait()
        try:
            yield composition
        finally:
            server.stop()
            composition.hang_up()


async def _main(
    settings: Mapping[str, str], listener: socket.socket, beside: Callable[[], Any], secrets_file: str
) -> None:
    shutdown = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(beside)
        tasks.start_soon(shut_down_on_signal, shutdown)
        async with running(settings, listener, shutdown) as composition:
            account = await ensure_demo_account(composition.store, settings)
            sys.stdout.write(banner(_url(settings), account, composition.executor_name, settings, secrets_file))
            sys.stdout.flush()
            await shutdown.wait()
            log.info("Shutting down, a second signal kills")
        tasks.cancel_scope.cancel()


def _bound(listener: socket.socket) -> dict[str, str]:
    """Return the address as settings. It overrides exported ones, as the runner runs processes on loopback only."""
    host, port = listener.getsockname()[:2]
    return {"RUNCAST_HOST": host, "RUNCAST_PORT": str(port)}


def _url(bound: Mapping[str, str]) -> str:
    """Return where this machine finds what was bound."""
    host, port = bound["RUNCAST_HOST"], bound["RUNCAST_PORT"]
    host = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104 - shown, not bound
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _defaults(directory: Path, host: str, bound: Mapping[str, str]) -> dict[str, str]:
    """Return the embedded mode's settings, which the environment overrides. `host` is the name of what was bound."""
    return {
        "RUNCAST_SQLITE_PATH": str(directory / "runcast.sqlite"),
        "RUNCAST_CORS_ORIGINS": "loopback",
        "RUNCAST_ALLOWED_HOSTS": _allowed_hosts(host, bound["RUNCAST_HOST"]),
        "RUNCAST_API_URL": _url(bound),
        "RUNCAST_RUNNER_ID": f"embedded-{_identity(directory)}",
        "RUNCAST_PROCESS_DIR": str(directory / "processes"),
        "RUNCAST_SPILL_DIR": str(directory),
    }


def _allowed_hosts(host: str, address: str) -> str:
    """Return the names of loopback, and the one given, while only this machine can connect: a page whose own name was
    made to resolve to it (DNS rebinding) is of the same origin as this server, and only the `Host` header tells."""
    if not ip_address(address).is_loopback:
        return "*"
    return ",".join((*LOOPBACK_HOSTS, f"[{host}]" if ":" in host else host))


def _identity(directory: Path) -> str:
    """Return what tells this folder's runner from every other one's on the same engine or store, over restarts."""
    return hashlib.sha256(f"{socket.gethostname()}:{directory}".encode()).hexdigest()[:12]
