"""When sockets are warned of their token's end, and ended."""

import anyio
import pytest

from runcast_core.access.tokens import Claims
from runcast_core.model.accounts import Role
from runcast_gateway.relay.hub import Hub
from runcast_gateway.relay.socket import Socket
from runcast_gateway.sessions import expiry as module
from runcast_gateway.sessions.expiry import Expiry, expires_at
from tests.parts.conditions import until
from tests.parts.connection import Recorder, hub_of


class Rig:
    def __init__(self, warn_s: float = 60) -> None:
        self.hub = hub_of()
        self.ended: list[Socket] = []
        self.expiry = Expiry(self.hub, warn_s=warn_s)

    def sweep(self, now: float) -> None:
        self.expiry.sweep(now, self.end)

    def end(self, socket: Socket) -> None:
        self.ended.append(socket)
        self.hub.lost(socket)

    def socket(self, until: int, user_id: str = "u") -> Socket:
        return arrived(self.hub, self.expiry, until, user_id)


def arrived(hub: Hub, expiry: Expiry, until: int, user_id: str = "u") -> Socket:
    socket = Socket(user_id, Claims(user_id, "a", Role.VIEWER, until), Recorder())
    hub.arrive(socket)
    expiry.note(socket)
    return socket


def test_it_is_warned_once_and_ended_at_the_end():
    """Not a second before either."""
    rig = Rig()
    socket = rig.socket(1000)
    for now in (0, 939.9):
        rig.sweep(now)
    assert socket.connection.sent == []
    for now in (940, 950, 999.9):
        rig.sweep(now)
    assert socket.connection.events == [["token-expiring", {"expiresAt": "1970-01-01T00:16:40.000Z"}]]
    assert rig.ended == []
    rig.sweep(1000)
    rig.sweep(1001)
    assert rig.ended == [socket]
    assert len(socket.connection.sent) == 1


def test_each_has_its_own_time():
    """Of many that arrived in any order."""
    rig = Rig()
    late, early, middle = (rig.socket(until, str(until)) for until in (3000, 1000, 2000))
    rig.sweep(1000)
    assert rig.ended == [early]
    rig.sweep(1990)
    assert [len(socket.connection.sent) for socket in (early, middle, late)] == [0, 1, 0]
    rig.sweep(5000)
    assert rig.ended == [early, late, middle]


def test_a_later_token_is_another_term():
    """With a warning of its own."""
    rig = Rig()
    socket = rig.socket(1000)
    rig.sweep(950)
    socket.claims = Claims("u", "a", Role.VIEWER, 2000)
    rig.expiry.note(socket)
    rig.sweep(1500)
    assert rig.ended == []
    rig.sweep(1940)
    assert socket.connection.names == ["token-expiring"] * 2
    rig.sweep(2000)
    assert rig.ended == [socket]


def test_a_token_that_ends_sooner_than_the_warning_would_come_is_warned_at_once():
    """And one that has ended meanwhile is ended."""
    rig = Rig()
    soon, over = rig.socket(1010, "soon"), rig.socket(990, "over")
    rig.sweep(1000)
    assert soon.connection.names == ["token-expiring"]
    assert rig.ended == [over]
    assert over.connection.sent == []


def test_without_a_time_to_warn_nobody_is_warned():
    """Only ended."""
    rig = Rig(warn_s=0)
    socket = rig.socket(1000)
    rig.sweep(999.9)
    rig.sweep(1000)
    assert (rig.ended, socket.connection.sent) == ([socket], [])


def test_who_left_is_not_ended():
    """Nor does it keep others from their turn."""
    rig = Rig()
    gone, here = rig.socket(1000, "gone"), rig.socket(1100, "here")
    rig.hub.lost(gone)
    rig.sweep(1000)
    rig.sweep(1050)
    assert (rig.ended, here.connection.names) == ([], ["token-expiring"])


def test_where_nothing_is_due_nobody_is_looked_at(monkeypatch: pytest.MonkeyPatch):
    """There may be ten thousand of them."""
    rig = Rig()
    rig.socket(1000)
    rig.sweep(900)
    monkeypatch.setattr(rig.hub, "all_sockets", None)
    rig.sweep(939)


async def test_it_looks_at_the_clock_by_itself(monkeypatch: pytest.MonkeyPatch):
    """A token that is over is noticed within the time of a sweep."""
    monkeypatch.setattr(module, "SWEEP_S", 0.01)
    rig = Rig()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(rig.expiry.run, rig.end)
        socket = rig.socket(1000)
        await until(lambda: rig.ended)
        tasks.cancel_scope.cancel()
    assert rig.ended == [socket]


def test_a_time_that_no_date_can_hold_is_the_last_one():
    """A provider may issue tokens for ever."""
    assert expires_at(Claims("u", "a", Role.VIEWER, 10**15)) == "9999-12-31T23:59:59.000Z"
