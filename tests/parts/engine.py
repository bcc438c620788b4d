"""The Docker engine that tests run against, what it has or can get, and the image that tests build on it."""

import gc
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound

from tests.parts.part import Missing, Part

ENGINE_SILENT_S = 20
BUSYBOX_IMAGE = "runcast-test-busybox:1"
_DOCKERFILE = 'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n'


def build_busybox_image() -> Part:
    """Build the test image `FROM scratch` with Debian's static busybox. Raises `Missing` without an engine."""
    busybox = shutil.which("busybox")
    if busybox is None:
        raise Missing("busybox is missing: apt-get install busybox-static")
    client = _engine()
    if client is None:
        raise Missing("no Docker engine answered: start one, or set DOCKER_HOST")
    with tempfile.TemporaryDirectory() as context:
        shutil.copy(busybox, Path(context) / "busybox")
        (Path(context) / "Dockerfile").write_text(_DOCKERFILE)
        client.images.build(path=context, tag=BUSYBOX_IMAGE, rm=True)
    version = client.version()["Version"]
    client.close()
    return Part(BUSYBOX_IMAGE, f"engine {version}, image built from Debian's busybox-static")


def engine_offers(image: str) -> bool:
    """Tell whether an engine answers and has the image or can pull it; one that stays silent counts as none."""
    engine = _engine()
    if engine is None:
        return False
    try:
        return _obtainable(engine, image)
    except (DockerException, OSError):
        return False
    finally:
        engine.close()


def containers_labelled(label: str) -> list[Any]:
    """Return the containers with a label, `name=value`, those that have ended included."""
    client = docker.from_env()
    try:
        return client.containers.list(all=True, filters={"label": label}, ignore_removed=True)
    finally:
        client.close()


@contextmanager
def removed_image(name: str) -> Iterator[str]:
    """Have the engine forget, at the end, an image that it pulls meanwhile."""
    try:
        yield name
    finally:
        client = docker.from_env()
        with suppress(ImageNotFound):
            client.images.remove(name)
        client.close()


def _engine() -> docker.DockerClient | None:
    """Return a client of the engine, None where none answers.

    The SDK leaves the socket of a refused connection to the garbage collector, which would blame a test for it.
    """
    with suppress(DockerException):
        return docker.from_env(timeout=ENGINE_SILENT_S)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    return None


def _obtainable(engine: docker.DockerClient, image: str) -> bool:
    try:
        engine.images.get(image)
    except ImageNotFound:
        engine.images.pull(image)
    return True
