"""A Redis Cluster of one's own: three masters, a replica of the first, and a node without slots."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import redis

from tests.parts.conditions import wait_until
from tests.parts.part import Part, reserved_port, spawned
from tests.parts.redis.server import own_redis
from tests.parts.redis.told import note_told_at

SLOTS = 16384
MASTERS = 3
OPTIONS = {
    "bind": "127.0.0.1",
    "save": "",
    "cluster-enabled": "yes",
    "cluster-config-file": "nodes.conf",
    "cluster-node-timeout": "1000",
    "repl-diskless-sync-delay": "0",
}


class ClusterNode:
    """One server of the cluster, which may be killed and started again."""

    def __init__(self, binary: str, stack: ExitStack) -> None:
        self._binary = binary
        self._folder = stack.enter_context(tempfile.TemporaryDirectory())
        self._life = stack.enter_context(ExitStack())
        self._bus_port = stack.enter_context(reserved_port())
        self.port = stack.enter_context(reserved_port())
        self.process: subprocess.Popen[Any]
        self.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        options = OPTIONS | {"port": str(self.port), "cluster-port": str(self._bus_port), "dir": self._folder}
        arguments = [self._binary, *(word for name, value in options.items() for word in (f"--{name}", value))]
        self.process = self._life.enter_context(spawned(arguments, self.port, cwd=Path(self._folder)))

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def command(self, *words: Any) -> Any:
        with redis.Redis(port=self.port, socket_timeout=5) as client:
            client.response_callbacks.clear()
            answer = client.execute_command(*words)
        return answer.decode() if isinstance(answer, bytes) else answer

    def meet(self, other: "ClusterNode") -> None:
        self.command("CLUSTER", "MEET", "127.0.0.1", other.port, other._bus_port)

    @property
    def id(self) -> str:
        return str(self.command("CLUSTER", "MYID"))


class Cluster:
    """`nodes[0]` has the replica `nodes[3]`, `nodes[4]` serves no slot."""

    def __init__(self, binary: str, stack: ExitStack) -> None:
        self.nodes = [ClusterNode(binary, stack) for _ in range(MASTERS + 2)]
        self.url = "redis+cluster://" + ",".join(node.address for node in self.nodes)
        self._share()
        first, replica = self.nodes[0], self.nodes[MASTERS]
        wait_until(lambda: first.id in replica.command("CLUSTER", "NODES"))
        replica.command("CLUSTER", "REPLICATE", first.id)
        wait_until(self.whole)

    def _share(self) -> None:
        for number, node in enumerate(self.nodes):
            if number < MASTERS:
                start, end = number * SLOTS // MASTERS, (number + 1) * SLOTS // MASTERS - 1
                node.command("CLUSTER", "ADDSLOTSRANGE", start, end)
                node.command("CLUSTER", "SET-CONFIG-EPOCH", number + 1)
            for other in self.nodes[:number]:
                node.meet(other)

    def whole(self) -> bool:
        """Tell whether every node knows every other, all slots are served, and the replica follows."""
        for node in self.nodes:
            nodes, state = node.command("CLUSTER", "NODES"), node.command("CLUSTER", "INFO")
            if "cluster_state:ok" not in state or nodes.count(" connected") != len(self.nodes):
                return False
            if nodes.count("slave") != 1 or "fail" in nodes or "handshake" in nodes:
                return False
        return any("master_link_status:up" in n.command("INFO", "replication") for n in self.nodes)

    def move(self, slot: int, source: ClusterNode, target: ClusterNode) -> Iterator[str]:
        """Move a slot step by step, as `redis-cli --cluster reshard` does; yields what it did."""
        target.command("CLUSTER", "SETSLOT", slot, "IMPORTING", source.id)
        source.command("CLUSTER", "SETSLOT", slot, "MIGRATING", target.id)
        yield "announced"
        while keys := source.command("CLUSTER", "GETKEYSINSLOT", slot, 100):
            source.command("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        yield "moved the keys"
        for node in (target, source):
            node.command("CLUSTER", "SETSLOT", slot, "NODE", target.id)
        yield "gave the slot"


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    with ExitStack() as stack:
        yield Cluster(own_redis()[1], stack)


@contextmanager
def start_redis_cluster() -> Iterator[Part]:
    with running_cluster() as cluster:
        note_told_at(cluster.url)
        yield Part(cluster.url, f"Redis Cluster of {len(cluster.nodes)} nodes ({own_redis()[0]})")
