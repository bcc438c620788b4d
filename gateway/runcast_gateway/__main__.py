"""`python -m runcast_gateway`: one gateway, with its settings from the environment."""

import os

import uvicorn

from runcast_core.logging import configure_logging
from runcast_core.start import faults_told
from runcast_gateway.app import create_app
from runcast_gateway.settings import GatewaySettings

SHUTDOWN_S = 5
"""What a long poll may take to end after SIGTERM."""


def main() -> None:
    with faults_told("runcast-gateway"):
        settings = GatewaySettings.from_mapping(os.environ)
    configure_logging(settings.log_format, settings.log_level)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        ws_max_size=settings.max_message_bytes,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=SHUTDOWN_S,
    )


if __name__ == "__main__":
    main()
