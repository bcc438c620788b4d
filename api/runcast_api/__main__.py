"""`python -m runcast_api`: one api, with its settings from the environment."""

import os

import uvicorn

from runcast_api.app import create_app
from runcast_api.settings import ApiSettings
from runcast_core.serving.http_connection import http_options
from runcast_core.serving.logging import configure_logging
from runcast_core.serving.start import faults_told

HEAD_S = 20.0
"""What the head of a request may take."""
SHUTDOWN_S = 20
"""What a call, such as a download of output, may take to end after SIGTERM."""


def main() -> None:
    with faults_told("runcast-api"):
        settings = ApiSettings.from_mapping(os.environ)
        settings.store_url  # noqa: B018 - a missing store stops the start here, by its name
        app = create_app(settings)
    configure_logging(settings.log_format, settings.log_level)
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        proxy_headers=False,
        timeout_graceful_shutdown=SHUTDOWN_S,
        **http_options(HEAD_S),
    )


if __name__ == "__main__":
    main()
