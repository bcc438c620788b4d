"""What `REDIS_URL` may say, and what is read from it."""

from typing import Any

import pytest
from redis.asyncio import Redis, SSLConnection
from redis.asyncio.sentinel import SentinelConnectionPool, SentinelManagedSSLConnection

from runcast_core.bus.redis.cluster import ClusterRedis
from runcast_core.bus.redis.connections import open_servers, room_client
from runcast_core.bus.redis.sentinel import SentinelRedis
from runcast_core.bus.redis.single import SingleRedis
from runcast_core.model.errors import SettingError


def _given(client: Redis) -> dict[str, Any]:
    return client.connection_pool.connection_kwargs


async def test_one_server():
    """As redis-py reads it; no command is tried twice."""
    for url in ("redis://u:p@h:1/2", "rediss://h", "unix:///run/redis"):
        servers = open_servers(url)
        assert type(servers) is SingleRedis
        assert _given(servers.publisher)["retry"].get_retries() == 0
    given = _given(room_client("redis://u:p%40@h:1/2"))
    assert (given["host"], given["port"], given["db"]) == ("h", 1, 2)
    assert (given["username"], given["password"]) == ("u", "p@")
    assert "socket_keepalive" not in _given(room_client("unix:///run/redis"))


async def test_a_master_of_sentinels():
    """The URL's credentials are the master's; those of the Sentinels are told apart."""
    url = "redis+sentinel://u:p%2F@one,two:7/main/3?sentinel_username=w&sentinel_password=x%26"
    servers = open_servers(url)
    assert isinstance(servers, SentinelRedis)
    pool = servers.publisher.connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    assert (pool.service_name, _given(servers.publisher)["db"]) == ("main", 3)
    assert (_given(servers.publisher)["username"], _given(servers.publisher)["password"]) == ("u", "p/")
    sentinels = [_given(sentinel) for sentinel in pool.sentinel_manager.sentinels]
    assert [(s["host"], s["port"]) for s in sentinels] == [("one", 26379), ("two", 7)]
    assert {(s["username"], s["password"]) for s in sentinels} == {("w", "x&")}


async def test_a_master_of_sentinels_with_tls():
    """Every connection is, those to Sentinels too."""
    client = room_client("rediss+sentinel://one/main?ssl_ca_certs=/ca.pem")
    assert client.connection_pool.connection_class is SentinelManagedSSLConnection
    assert _given(client)["ssl_ca_certs"] == "/ca.pem"
    [sentinel] = client.connection_pool.sentinel_manager.sentinels
    assert sentinel.connection_pool.connection_class is SSLConnection
    assert _given(sentinel)["ssl_ca_certs"] == "/ca.pem"
    assert _given(client)["db"] == 0


async def test_a_cluster():
    """Some of its nodes; rooms take one after the other of them."""
    url = "rediss+cluster://u:p@one:1,[::1]:2,three?ssl_check_hostname=no"
    servers = open_servers(url)
    assert isinstance(servers, ClusterRedis)
    clients = [_given(room_client(url, attempt)) for attempt in range(4)]
    assert [(c["host"], c["port"]) for c in clients] == [("one", 1), ("::1", 2), ("three", 6379), ("one", 1)]
    assert {(c["username"], c["password"]) for c in clients} == {("u", "p")}
    for given in (servers._cluster.get_connection_kwargs(), *clients):
        assert not given["ssl_check_hostname"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/secret",
        "secret",
        "redis+other://h",
        "redis://h:secret/0",
        "redis://h/0?no_option=secret",
        "redis+cluster://",
        "redis+cluster://h:secret",
        "redis+cluster://h?no_option=secret",
        "redis+cluster://h/secret",
        "redis+sentinel://:secret@h",
        "redis+sentinel://h/secret/secret",
        "redis+sentinel://h/main?no_option=secret",
        "http+cluster://h",
    ],
)
async def test_any_other_url_stops_the_start(url: str):
    """The variable is named, nothing of its value is."""
    with pytest.raises(SettingError, match="REDIS_URL") as caught:
        open_servers(url)
    assert "secret" not in caught.value.message
