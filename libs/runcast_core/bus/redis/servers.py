"""What the bus needs of a Redis, be it one server, what Sentinel calls the master, or a cluster."""

from typing import Any, Protocol

from redis.exceptions import RedisClusterException, RedisError

FAILURES = (RedisError, RedisClusterException, OSError)
"""What redis-py raises where Redis does not answer, or answers with an error."""


class Node(Protocol):
    """One server that channels are subscribed at."""

    @property
    def name(self) -> str: ...

    def connection(self) -> Any:
        """Return a connection of redis-py's, not connected yet, that belongs to the caller."""
        ...

    async def publish(self, channel: str) -> None:
        """Publish an empty message through this very node."""
        ...


class Servers(Protocol):
    """Runs commands and knows who serves what. Raises `FAILURES`."""

    sharded: bool
    """Whether an organization's channel belongs to one node, and is published on with SPUBLISH."""
    refresh_s: float
    """How often who subscribes asks anew, though nothing told it that anything moved."""

    async def execute(self, key: str, *command: Any) -> Any:
        """Run a command on the node that serves `key`. Never run twice: what got no answer may or may not have run.
        Following a node that refused, as its slot moved, is no second run."""
        ...

    def node(self, channel: str) -> Node:
        """Return who serves the channel, as far as is known. Raises one of `FAILURES` while nothing is known."""
        ...

    async def refresh(self) -> None:
        """Ask anew who serves what."""
        ...

    async def aclose(self) -> None: ...
