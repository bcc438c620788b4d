"""What `REDIS_URL` says: one server, what Sentinel calls the master, or a cluster; and the clients for it.

- `redis://`, `rediss://` (TLS) and `unix://`, as redis-py knows them;
- `redis+sentinel://[user:password@]host:port[,host:port…]/service[/db]`; the Sentinels' own credentials, if they have
  any, as `?sentinel_username=…&sentinel_password=…`;
- `redis+cluster://[user:password@]host:port[,host:port…]`: some of its nodes, they name the others;
- `rediss+sentinel://` and `rediss+cluster://`: the same with TLS to every server.

Options of redis-py's may follow as a query, such as `?ssl_ca_certs=…`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, urlsplit

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import NoBackoff
from redis.exceptions import RedisClusterException

from runcast_core.bus.redis.cluster import ClusterRedis
from runcast_core.bus.redis.sentinel import SentinelRedis
from runcast_core.bus.redis.servers import Servers
from runcast_core.bus.redis.single import SingleRedis
from runcast_core.model.errors import SettingError

TIMEOUT_S = 5
CLUSTER_TIMEOUT_S = 2
"""Shorter, as other nodes may answer meanwhile."""

_FORMS = (
    "REDIS_URL must be redis://, rediss:// or unix:// with what redis-py knows, "
    "redis+sentinel://host:port,…/service/db, or redis+cluster://host:port,… (rediss+… for TLS)"
)


def open_servers(url: str) -> Servers:
    """Return the servers of a URL; connects on first use. Raises `SettingError` for a URL that means none.

    No command is retried: after a lost reply a second publish would double the entry. RESP2, as with RESP3 redis-py
    listens for maintenance notices and therefore takes a pooled connection that the server closed for a good one.
    """
    with _readable():
        parts = urlsplit(url)
        if parts.scheme.endswith("+cluster"):
            return ClusterRedis(_cluster(parts))
        if parts.scheme.endswith("+sentinel"):
            servers: SingleRedis = SentinelRedis(_masters(parts, TIMEOUT_S), _masters(parts, None))
        else:
            servers = SingleRedis(_single(url, TIMEOUT_S), _single(url, None))
        servers.connection()  # refuses unknown options
        return servers


def room_client(url: str, attempt: int = 0) -> Redis:
    """Return a client for messages that reach every node of a cluster: there, each attempt takes another node."""
    with _readable():
        parts = urlsplit(url)
        if parts.scheme.endswith("+cluster"):
            hosts = _hosts(parts, 6379)
            host, port = hosts[attempt % len(hosts)]
            return Redis(host=host, port=port, **_options(parts), **_once(CLUSTER_TIMEOUT_S))
        return _masters(parts, None) if parts.scheme.endswith("+sentinel") else _single(url, None)


def _once(timeout_s: float | None) -> dict[str, Any]:
    """Return what every client is given. None is no time-out for replies, for who waits for what may never come."""
    connect_s = TIMEOUT_S if timeout_s is None else timeout_s
    retry = Retry(NoBackoff(), 0)
    return {"retry": retry, "socket_connect_timeout": connect_s, "socket_timeout": timeout_s, "protocol": 2}


def _single(url: str, timeout_s: float | None) -> Redis:
    keepalive = {} if url.startswith("unix:") else {"socket_keepalive": True}
    return Redis.from_url(url, **_once(timeout_s), **keepalive)


def _masters(parts: SplitResult, timeout_s: float | None) -> Redis:
    """Return a client that asks the Sentinels at every connection who the master is."""
    options = _options(parts)
    own = {name: options.pop(f"sentinel_{name}") for name in ("username", "password") if f"sentinel_{name}" in options}
    shared = {name: value for name, value in options.items() if name.startswith("ssl")}
    service, _, db = parts.path.strip("/").partition("/")
    if not service:
        raise SettingError("REDIS_URL names no service for Sentinel: redis+sentinel://host:port,…/service/db")
    sentinel: Any = Sentinel(_hosts(parts, 26379), sentinel_kwargs={**own, **shared, **_once(TIMEOUT_S)})  # type: ignore[no-untyped-call]
    master: Redis = sentinel.master_for(service, db=int(db or 0), socket_keepalive=True, **options, **_once(timeout_s))
    return master


def _cluster(parts: SplitResult) -> RedisCluster:
    if parts.path.strip("/") not in {"", "0"}:
        raise SettingError("REDIS_URL names a database, but a cluster has only one")
    nodes = [ClusterNode(host, port) for host, port in _hosts(parts, 6379)]
    return RedisCluster(startup_nodes=nodes, **_options(parts), **_once(CLUSTER_TIMEOUT_S))


def _hosts(parts: SplitResult, default_port: int) -> list[tuple[str, int]]:
    hosts = [urlsplit(f"//{host}") for host in parts.netloc.rpartition("@")[2].split(",")]
    if not all(host.hostname for host in hosts):
        raise ValueError("no host")
    return [(str(host.hostname), host.port or default_port) for host in hosts]


def _options(parts: SplitResult) -> dict[str, Any]:
    """Return the credentials and the query's options, as redis-py reads them."""
    credentials = parts.netloc.rpartition("@")[0]
    plain = f"{parts.scheme.partition('+')[0]}://{credentials}{'@' if credentials else ''}host?{parts.query}"
    options: dict[str, Any] = {**parse_url(plain)}
    del options["host"]
    if options.pop("connection_class", None) is SSLConnection:
        options["ssl"] = True
    return options


@contextmanager
def _readable() -> Iterator[None]:
    """Say what is wrong with a URL without repeating any of it: it may hold a password."""
    try:
        yield
    except (ValueError, TypeError, RedisClusterException):
        raise SettingError(_FORMS) from None
