"""What a dashboard may ask of its socket."""

import orjson
import pytest
from prometheus_client import CollectorRegistry

from runcast_core.access.tokens import Claims
from runcast_core.bus.memory_bus import MemoryBus
from runcast_core.model.accounts import Role
from runcast_core.model.errors import InvalidToken
from runcast_core.model.wire.shape import encode
from runcast_gateway.metrics import GatewayMetrics
from runcast_gateway.protocol.commands import Commands
from runcast_gateway.relay.revocations import Revocations
from runcast_gateway.sessions.expiry import Expiry
from tests.parts.connection import hub_of, joined, log_line, state

LATER = 2_000_000_000


class Verifier:
    """Takes claims for tokens; anything else is none."""

    async def verify(self, token: object) -> Claims:
        if not isinstance(token, Claims):
            raise InvalidToken("Invalid or expired token")
        return token


class Rig:
    def __init__(self) -> None:
        self.hub = hub_of()
        self.ended = []
        self.expiry = Expiry(self.hub, warn_s=60)
        self.bus = MemoryBus()
        self.revocations = Revocations(self.bus)
        self.registry = CollectorRegistry()
        metrics = GatewayMetrics(self.registry)
        self.commands = Commands(self.hub, Verifier(), self.expiry, self.revocations, metrics, max_watched=3)
        self.socket = joined(self.hub, "a")

    async def run(self, name: object, argument: object = None):
        """Return what a client reads."""
        reply = await self.commands.run(self.socket, name, argument)
        return None if reply is None else orjson.loads(encode(reply))

    def refused(self, reason: str) -> float:
        return self.registry.get_sample_value("runcast_gateway_refused_total", {"reason": reason}) or 0


def claims(user_id: str = "u", organization_id: str = "a", issued_at: float | None = None) -> Claims:
    return Claims(user_id, organization_id, Role.VIEWER, LATER, issued_at)


@pytest.mark.parametrize("name", ["join", "", "watch ", "connect", "disconnect", None, 7, ["watch"], {"watch": 1}])
async def test_what_is_no_command_is_not_answered(name: object):
    """Whatever its type."""
    assert await Rig().run(name, {"taskId": "t"}) is None


async def test_the_first_watch_narrows_and_the_next_add():
    """What is acknowledged is what holds now, and what the socket is sent from then on."""
    rig = Rig()
    assert await rig.run("watch", {"taskId": "t2"}) == {"watching": ["t2"]}
    assert await rig.run("watch", {"taskId": "t1"}) == {"watching": ["t1", "t2"]}
    assert await rig.run("watch", {"taskId": "t1"}) == {"watching": ["t1", "t2"]}
    rig.hub.deliver("a", [log_line("1-0", "t1"), log_line("2-0", "t3"), state("3-0", "t3")])
    assert rig.socket.connection.names == ["execution-log", "execution-updated"]
    assert await rig.run("unwatch", {"taskId": "t1"}) == {"watching": ["t2"]}
    assert await rig.run("unwatch", {"taskId": "unknown"}) == {"watching": ["t2"]}
    assert await rig.run("unwatch", {"taskId": "t2"}) == {"watching": []}
    rig.hub.deliver("a", [log_line("4-0", "t2"), state("5-0", "t2")])
    assert rig.socket.connection.names == ["execution-log", "execution-updated", "execution-updated"]


async def test_a_socket_that_is_sent_all_output_has_nothing_to_unwatch():
    """It would be sent less than it believes."""
    rig = Rig()
    reply = await rig.run("unwatch", {"taskId": "t"})
    assert reply["code"] == "NOT_WATCHING"
    assert rig.socket.watching is None


async def test_a_socket_may_watch_so_many_and_no_more():
    """What it watched stays; it is counted."""
    rig = Rig()
    for number in range(3):
        await rig.run("watch", {"taskId": f"t{number}"})
    reply = await rig.run("watch", {"taskId": "t3"})
    assert reply == {"error": "a socket may watch 3 tasks at once", "code": "TOO_MANY_WATCHED"}
    assert rig.socket.watching == {"t0", "t1", "t2"}
    assert rig.refused("TOO_MANY_WATCHED") == 1


@pytest.mark.parametrize(
    "argument", [None, "t", [], {}, {"taskId": None}, {"taskId": 7}, {"taskId": "a/b"}, {"room": "a"}]
)
@pytest.mark.parametrize("name", ["watch", "unwatch"])
async def test_what_is_no_task_is_an_error(name: str, argument: object):
    """And changes nothing."""
    rig = Rig()
    rig.socket.watching = frozenset({"t"})
    reply = await rig.run(name, argument)
    assert reply.keys() == {"error", "code"}
    assert rig.socket.watching == {"t"}


async def test_a_newer_token_of_the_same_user_is_taken():
    """The socket lives as long as that one says, and is not ended with the old one."""
    rig = Rig()
    assert await rig.run("refresh-token", {"token": claims()}) == {"expiresAt": "2033-05-18T03:33:20.000Z"}
    assert rig.socket.claims == claims()
    rig.expiry.sweep(LATER - 61, rig.ended.append)
    assert (rig.ended, rig.socket.connection.sent) == ([], [])
    rig.expiry.sweep(LATER, rig.ended.append)
    assert rig.ended == [rig.socket]


@pytest.mark.parametrize(
    ("token", "code"),
    [("bad", "INVALID_TOKEN"), (claims(user_id="v"), "OTHER_USER"), (claims(organization_id="b"), "OTHER_USER")],
)
async def test_any_other_token_is_refused(token: object, code: str):
    """The socket keeps the one it has."""
    rig = Rig()
    before = rig.socket.claims
    reply = await rig.run("refresh-token", {"token": token})
    assert (reply["code"], rig.refused(code)) == (code, 1)
    assert rig.socket.claims is before


async def test_a_revoked_token_is_refused():
    """Also if its end is in the future."""
    rig = Rig()
    await rig.bus.revoke("a", "u", 1000, 3600)
    await rig.revocations.load("a")
    reply = await rig.run("refresh-token", {"token": claims(issued_at=0.5)})
    assert reply["error"] == "Invalid or expired token"
    assert await rig.run("refresh-token", {"token": claims(issued_at=2)}) == {"expiresAt": "2033-05-18T03:33:20.000Z"}
