"""The image of `printer.c`, which has nothing else in it."""

import shutil
import tempfile
from pathlib import Path

import docker

IMAGE = "runcast-benchmark-printer:1"
BINARY = Path(__file__).parent.parent / ".build" / "printer"
_DOCKERFILE = 'FROM scratch\nCOPY printer /printer\nCMD ["/printer", "0", "0"]\n'


def build_image() -> None:
    """Build it on the engine of `DOCKER_HOST`. Raises `docker.errors.DockerException` where none answers."""
    client = docker.from_env()
    try:
        with tempfile.TemporaryDirectory() as context:
            shutil.copy(BINARY, Path(context) / "printer")
            (Path(context) / "Dockerfile").write_text(_DOCKERFILE)
            client.images.build(path=context, tag=IMAGE, rm=True)
    finally:
        client.close()


def command(lines: int, rate: int) -> list[str]:
    return ["/printer", str(lines), str(rate)]
