"""Which systems are measured, and how each is started: a server, who publishes to it, and what its clients say."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import jwt
import orjson

from benchmarks.load import BUILD
from runcast_core.access.tokens import HmacTokens
from runcast_core.model.accounts import Role
from runcast_core.model.identifiers import events_channel, room

PEERS = Path(__file__).parent / "peers"
SECRET = "the benchmark's secret, of no use to anybody"  # noqa: S105 - its servers are on loopback, for seconds
WATCHED = "watched"
"""The organization that every client belongs to."""
ELSEWHERE = "elsewhere"
"""An organization that nobody watches on the measured server."""

PING_S = 120
"""Between two pings, with every system: so long that none falls into a case by chance."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where one trial's server listens, its second node if it has one, and its Redis."""

    port: int
    second_port: int
    redis_port: int

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self.redis_port}/0"


Command = Callable[[Site], list[str]]


@dataclass(frozen=True, slots=True)
class System:
    """One of the systems. `packets` gives the first packet of that many clients."""

    name: str
    server: Command
    publisher: Command
    environment: Callable[[Site], Mapping[str, str]] = field(default=lambda _: {})
    packets: Callable[[int], list[str]] = field(default=lambda _: ["40"])
    path: str = "/socket.io/?EIO=4&transport=websocket"
    dialect: str = "socketio"
    second: Command | None = None
    """A second node, through which is published; only the first one is measured."""
    slow: bool = False
    """It cannot keep up under load, and is given fewer events so that it ends in time."""
    relays_only: bool = False
    """It takes connections without doing what a server must: only its deliveries are measured."""
    on_request: bool = False
    """It is measured only where it is named."""


def _node(adapter: str) -> System:
    return System(
        name="node" if adapter == "classic" else f"node-{adapter}",
        server=lambda site: ["node", str(PEERS / "server.js"), adapter, str(site.port), site.redis_url, room(WATCHED)],
        publisher=lambda site: ["node", str(PEERS / "publish.js"), adapter, site.redis_url],
    )


def _publisher(system: str) -> Command:
    return lambda site: [sys.executable, "-m", "benchmarks.publish", system, site.redis_url]


def _runcast(name: str, *, recover: bool = False) -> System:
    return System(
        name=name,
        server=lambda _: [sys.executable, "-m", "runcast_gateway"],
        publisher=_publisher("runcast"),
        environment=_runcast_environment,
        packets=lambda clients: _runcast_packets(clients, {"recover": True} if recover else {}),
        on_request=recover,
    )


def _stock_server(site: Site) -> list[str]:
    return [sys.executable, "-m", "benchmarks.peers.stock", str(site.port), site.redis_url, room(WATCHED), str(PING_S)]


def _runcast_environment(site: Site) -> dict[str, str]:
    """What an installation sets. Every client comes from one organization here, so its limit of sockets is raised."""
    return {
        "REDIS_URL": site.redis_url,
        "RUNCAST_HOST": "127.0.0.1",
        "RUNCAST_PORT": str(site.port),
        "RUNCAST_PING_INTERVAL": str(PING_S),
        "JWT_SECRET": SECRET,
        "RUNCAST_MAX_SOCKETS_PER_ORGANIZATION": "100000",
        "RUNCAST_MAX_SOCKETS_PER_USER": "100000",
    }


def _runcast_packets(clients: int, options: Mapping[str, bool]) -> list[str]:
    """Return CONNECT packets, each with a token of a user of its own, as each has to be verified."""
    tokens = HmacTokens(SECRET)
    issued = (tokens.issue(f"user-{i}", WATCHED, Role.DEVELOPER) for i in range(clients))
    return [f"40{orjson.dumps({'token': token, **options}).decode()}" for token in issued]


def _floor_server(site: Site) -> list[str]:
    return [str(BUILD / "floor"), str(site.port), str(site.redis_port), events_channel(WATCHED)]


def _centrifugo_node(port: int, site: Site) -> list[str]:
    options = ["--engine", "redis", "--redis_address", site.redis_url, "--api_insecure"]
    return [str(BUILD / "centrifugo"), "--address", "127.0.0.1", "--port", str(port), *options]


def _centrifugo_environment(_: Site) -> dict[str, str]:
    """A history as long as Runcast's journal, so that both pay for one."""
    return {
        "CENTRIFUGO_TOKEN_HMAC_SECRET_KEY": SECRET,
        "CENTRIFUGO_ALLOWED_ORIGINS": "*",
        "CENTRIFUGO_PING_INTERVAL": f"{PING_S}s",
        "CENTRIFUGO_HISTORY_SIZE": "10000",
        "CENTRIFUGO_HISTORY_TTL": "3600s",
    }


def _centrifugo_packets(clients: int) -> list[str]:
    """Return connect commands, each with a token that subscribes its user to the organization."""
    claims = ({"sub": f"user-{i}", "channels": [WATCHED], "exp": int(time.time()) + 3600} for i in range(clients))
    tokens = (jwt.encode(claim, SECRET, algorithm="HS256") for claim in claims)
    return [orjson.dumps({"id": 1, "connect": {"token": token}}).decode() for token in tokens]


SYSTEMS = {
    system.name: system
    for system in (
        _node("classic"),
        _node("sharded"),
        System("python-socketio", _stock_server, _publisher("python-socketio"), slow=True),
        System(
            "centrifugo",
            server=lambda site: _centrifugo_node(site.port, site),
            publisher=lambda site: [
                *(sys.executable, "-m", "benchmarks.publish"),
                *("centrifugo", f"http://127.0.0.1:{site.second_port}"),
            ],
            environment=_centrifugo_environment,
            packets=_centrifugo_packets,
            path="/connection/websocket",
            dialect="centrifugo",
            second=lambda site: _centrifugo_node(site.second_port, site),
            on_request=True,
        ),
        _runcast("runcast"),
        _runcast("runcast-recover", recover=True),
        System("floor", _floor_server, _publisher("runcast"), relays_only=True),
    )
}


def environment(system: System, site: Site) -> dict[str, str]:
    """Return a server's whole environment: no setting that happens to be exported goes into it."""
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "PYTHONPATH") if name in os.environ}
    return {**inherited, **system.environment(site)}
