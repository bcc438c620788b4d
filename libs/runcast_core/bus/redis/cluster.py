"""A Redis Cluster: which node serves a key, and how a command gets there, whatever moves meanwhile.

redis-py's cluster client knows the nodes and their slots. Its way to run a command is not used: it sends ASKING and the
command on two connections, fails on a redirection to a node without slots, and drops every connection to all nodes,
publishes in flight included, where one node says CLUSTERDOWN or MOVED.
"""

from typing import Any, cast

from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AskError,
    ClusterDownError,
    ClusterError,
    ConnectionError,  # noqa: A004
    MovedError,
    RedisClusterException,
    TimeoutError,  # noqa: A004
)

REDIRECTIONS = 5


class ClusterRedisNode:
    """See `runcast_core.bus.redis.servers.Node`."""

    def __init__(self, node: ClusterNode) -> None:
        self._node = node
        self.name: str = node.name

    def connection(self) -> Any:
        """Without a time-out for what it waits for, which may be long in coming."""
        own = {"socket_timeout": None, "retry": Retry(NoBackoff(), 0)}
        return self._node.connection_class(**(self._node.connection_kwargs | own))

    async def publish(self, channel: str) -> None:
        await _run(self._node, ("PUBLISH", channel, b""))


class ClusterRedis:
    """See `runcast_core.bus.redis.servers.Servers`."""

    sharded = True
    refresh_s = 10.0

    def __init__(self, cluster: RedisCluster) -> None:
        self._cluster = cluster
        self._given = dict(cluster.nodes_manager.startup_nodes)
        self._failed: str | None = ""
        """The node that last failed, if the others were not asked since who serves what."""

    async def execute(self, key: str, *command: Any) -> Any:
        if self._failed is not None:
            await self.refresh()
        node, asking = self._node(key), False
        for _ in range(REDIRECTIONS):
            try:
                return await _run(node, command, asking=asking)
            except MovedError as moved:
                await self._cluster.nodes_manager.move_slot(moved)
                node, asking = self._node(key), False
            except AskError as ask:
                node, asking = self._at(ask.host, ask.port), True
            except (ConnectionError, TimeoutError, ClusterDownError):
                self._failed = node.name
                await node.disconnect_free_connections()
                raise
        raise ClusterError("redirected too often")

    def node(self, channel: str) -> ClusterRedisNode:
        return ClusterRedisNode(self._node(channel))

    async def refresh(self) -> None:
        """Ask the nodes that are known, or, where none of them answers, those of the URL: their names may lead to
        others by now."""
        manager = self._cluster.nodes_manager
        try:
            await manager.initialize(last_failed_node_name=self._failed)
        except RedisClusterException:
            manager.set_nodes(manager.startup_nodes, self._given)
            raise
        self._failed = None

    async def aclose(self) -> None:
        await self._cluster.nodes_manager.aclose()
        await self._cluster.nodes_manager.aclose("startup_nodes")

    def _node(self, key: str) -> ClusterNode:
        return cast("ClusterNode", self._cluster.get_node_from_key(key))  # only a replica may be none

    def _at(self, host: str, port: int) -> ClusterNode:
        """Return the node at an address; one that serves no slot yet is not among those that are known."""
        manager = self._cluster.nodes_manager
        node = manager.get_node(host, port)
        if node is None:
            node = ClusterNode(host, port, "primary", **self._cluster.connection_kwargs)
            manager.set_nodes(manager.nodes_cache, {node.name: node})
        return node


async def _run(node: ClusterNode, command: tuple[Any, ...], *, asking: bool = False) -> Any:
    """Run a command on a connection of the node's own. One that died in the pool is noticed before it is used."""
    connection = node.acquire_connection()
    try:
        await node.disconnect_if_needed(connection)
        if connection.is_connected and await connection.can_read():
            await connection.disconnect()
        commands = [("ASKING",), command] if asking else [command]
        await connection.send_packed_command(connection.pack_commands(commands))
        if asking:
            await connection.read_response()
        return await connection.read_response()
    finally:
        node.release(connection)
