"""The Docker engine that tests run against, what it has or can get, and the image that tests build on it."""

import shutil
import tempfile
from pathlib import Path

import docker
from docker.errors import DockerException, ImageNotFound

from tests.parts import Missing, Part

ENGINE_SILENT_S = 20
BUSYBOX_IMAGE = "runcast-test-busybox:1"
_DOCKERFILE = 'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n'


def build_busybox_image() -> Part:
    """Build the test image `FROM scratch` with Debian's static busybox. Raises `Missing` without an engine."""
    busybox = shutil.which("busybox")
    try:
        client = docker.from_env()
    except DockerException as exc:
        raise Missing(f"no Docker engine answered: {exc}") from exc
    if busybox is None:
        raise Missing("busybox is missing: apt-get install busybox-static")
    with tempfile.TemporaryDirectory() as context:
        shutil.copy(busybox, Path(context) / "busybox")
        (Path(context) / "Dockerfile").write_text(_DOCKERFILE)
        client.images.build(path=context, tag=BUSYBOX_IMAGE, rm=True)
    version = client.version()["Version"]
    client.close()
    return Part(BUSYBOX_IMAGE, f"engine {version}, image built from Debian's busybox-static")


def engine_offers(image: str) -> bool:
    """Tell whether an engine answers and has the image or can pull it; one that stays silent counts as none."""
    try:
        engine = docker.from_env(timeout=ENGINE_SILENT_S)
    except DockerException:
        return False
    try:
        return _obtainable(engine, image)
    except (DockerException, OSError):
        return False
    finally:
        engine.close()


def _obtainable(engine: docker.DockerClient, image: str) -> bool:
    try:
        engine.images.get(image)
    except ImageNotFound:
        engine.images.pull(image)
    return True
