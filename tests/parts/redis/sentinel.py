"""A master, its replica and a Sentinel that fails over within seconds, on this machine."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from tests.parts.conditions import wait_until
from tests.parts.part import reserved_port, spawned
from tests.parts.redis.server import MortalRedis, own_redis

SERVICE = "runcast"
CONFIGURATION = """
bind 127.0.0.1
port {port}
dir {folder}
sentinel monitor {service} 127.0.0.1 {master} 1
sentinel down-after-milliseconds {service} 500
sentinel failover-timeout {service} 3000
"""


class Watched:
    """What the Sentinel watches. The replica takes over when `master` is killed, or `fail_over` asks for it."""

    def __init__(self, binary: str, stack: ExitStack) -> None:
        first, second = (stack.enter_context(MortalRedis(binary)) for _ in range(2))
        self.master = stack.enter_context(first.running())
        stack.enter_context(second.running())
        with redis.Redis(port=second.port) as replica:
            replica.replicaof("127.0.0.1", first.port)
            wait_until(lambda: replica.info("replication")["master_link_status"] == "up")
        port, folder = stack.enter_context(reserved_port()), stack.enter_context(tempfile.TemporaryDirectory())
        configuration = Path(folder, "sentinel.conf")
        values = {"port": port, "folder": folder, "service": SERVICE, "master": first.port}
        configuration.write_text(CONFIGURATION.format(**values))
        stack.enter_context(spawned([binary, str(configuration), "--sentinel"], port))
        with redis.Redis(port=port) as sentinel:
            wait_until(lambda: [s["master-link-status"] for s in sentinel.sentinel_slaves(SERVICE)] == ["ok"])
        self._port = port
        self.url = f"redis+sentinel://127.0.0.1:{port}/{SERVICE}/0"

    def fail_over(self) -> None:
        """Let the replica take over although the master is well, as before maintenance; it then becomes a replica."""
        with redis.Redis(port=self._port) as sentinel:
            sentinel.execute_command("SENTINEL", "FAILOVER", SERVICE)


@contextmanager
def watched_redis() -> Iterator[Watched]:
    with ExitStack() as stack:
        yield Watched(own_redis()[1], stack)
