"""The MongoDB that tests run against: a given one, a container, `mongod`, or the stand-in, in this order."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pymongo
from pymongo.errors import PyMongoError

from tests.parts.engine import engine_offers
from tests.parts.part import Missing, Part, reserved_port, spawned

IMAGE = os.environ.get("TEST_MONGODB_IMAGE", "mongo:8.0")
STANDIN = Path(__file__).parents[1] / "standins" / "mongodb"
DOWNLOAD_S = 180


@contextmanager
def start_mongodb() -> Iterator[Part]:
    """`TEST_MONGODB_URL` (dead: an error) → a container → mongod on PATH → the stand-in → `Missing` with a reason."""
    if url := os.environ.get("TEST_MONGODB_URL"):
        yield Part(url, f"MongoDB {_version(url)} (TEST_MONGODB_URL)")
        return
    kind, server = _first_available()
    with server as url:
        yield Part(url, f"{kind}, version {_version(url)}")


def database_url(url: str, name: str) -> str:
    """Return the URL of another database on the same server, still authenticating where the given one did."""
    parts = urlsplit(url)
    query = parts.query
    if "@" in parts.netloc and "authsource=" not in query.lower():
        query = "&".join(filter(None, [query, f"authSource={parts.path.strip('/') or 'admin'}"]))
    return parts._replace(path=f"/{name}", query=query).geturl()


def _first_available() -> tuple[str, AbstractContextManager[str]]:
    if engine_offers(IMAGE):
        return "MongoDB (container)", _container()
    if mongod := shutil.which("mongod"):
        return "MongoDB (mongod)", _mongod(mongod)
    if shutil.which("java") and (shutil.which("mvn") or (STANDIN / "lib").is_dir()):
        return "stand-in for MongoDB (mongo-java-server, in memory, not MongoDB)", _stand_in()
    raise Missing("no MongoDB: set TEST_MONGODB_URL, or install mongod, or java and mvn for the stand-in")


def _version(url: str) -> str:
    try:
        with pymongo.MongoClient[dict[str, Any]](url, serverSelectionTimeoutMS=5000) as client:
            return str(client.server_info()["version"])
    except PyMongoError as exc:
        raise RuntimeError(f"the MongoDB to test against does not answer: {type(exc).__name__}") from None


@contextmanager
def _container() -> Iterator[str]:
    from testcontainers.community.mongodb import MongoDbContainer
    from testcontainers.core.config import testcontainers_config

    class OpenMongoDb(MongoDbContainer):
        """Without users, so that a database's name can be put behind the URL."""

        def _configure(self) -> None:
            return

    testcontainers_config.ryuk_disabled = True  # its image would have to be pulled; the context removes the container
    with OpenMongoDb(IMAGE) as server:
        yield f"mongodb://{server.get_container_host_ip()}:{server.get_exposed_port(server.port)}"


@contextmanager
def _mongod(binary: str) -> Iterator[str]:
    arguments = [binary, "--bind_ip", "127.0.0.1"]
    with (
        reserved_port() as port,
        tempfile.TemporaryDirectory() as data,
        spawned([*arguments, "--port", str(port), "--dbpath", data], port),
    ):
        yield f"mongodb://127.0.0.1:{port}"


@contextmanager
def _stand_in() -> Iterator[str]:
    java = ["java", "-XX:+UseSerialGC", "-Xmx512m", "-cp", f"{_jars()}/*", "MongoStandIn.java"]
    with reserved_port() as port, spawned([*java, str(port)], port, cwd=STANDIN):
        yield f"mongodb://127.0.0.1:{port}"


def _jars() -> Path:
    """Return the folder of the stand-in's libraries, downloaded once; a broken download leaves nothing there."""
    jars, scratch = STANDIN / "lib", STANDIN / "target"
    if jars.is_dir():
        return jars
    scratch.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        copy = ["mvn", "-q", "-B", "dependency:copy-dependencies", f"-DoutputDirectory={folder}/lib"]
        try:
            subprocess.run(copy, cwd=STANDIN, check=True, capture_output=True, timeout=DOWNLOAD_S)
        except subprocess.SubprocessError as exc:
            raise Missing(f"the stand-in for MongoDB could not be downloaded by mvn: {exc}") from exc
        with suppress(OSError):  # another run was faster
            Path(folder, "lib").rename(jars)
    return jars
