"""What waits in a room, who joins it and who moves: nothing is lost, doubled, overtaken or left behind."""

import asyncio

import anyio
import pytest
from prometheus_client import CollectorRegistry

from runcast_core.bus.bus import JournalTail
from runcast_core.model.events import MARK, RESYNC
from runcast_gateway.bounds import Bounds
from runcast_gateway.relay.hub import Hub
from runcast_gateway.relay.socket import Socket
from tests.parts.connection import hub_of, joined, log_line, socket_of, state

CROWD = 1000
"""So many that a room waits for company as long as it may."""


def busy(**wants) -> tuple[Hub, Socket]:
    """Return a hub whose room `a` has just written, and one of its sockets: what is delivered next waits."""
    hub = hub_of(Bounds(window_s=10))
    [socket, *_] = [joined(hub, "a", **wants), *(joined(hub, "a", "crowd", watching=frozenset()) for _ in range(CROWD))]
    hub.deliver("a", [state("1-0")])
    return hub, socket


def _told(socket: Socket) -> list[tuple]:
    return [(name, payload.get("taskId"), *offset) for name, payload, *offset in socket.connection.events]


# What waits


async def test_what_waits_is_sent_as_it_was_wanted_when_it_came():
    """A client that is told what it watches now has everything before that."""
    hub, socket = busy()
    hub.deliver("a", [log_line("2-0", "t2")])
    socket.watching = frozenset({"t1"})
    hub.replace(socket)
    assert socket.connection.names == ["execution-updated", "execution-log"]
    hub.deliver("a", [log_line("3-0", "t2")])
    hub.room("a").flush()
    assert len(socket.connection.names) == 2


async def test_what_waited_while_a_socket_was_slow_was_kept_from_it():
    """And it is told so when it is not slow any more: else it would miss it in silence."""
    hub, socket = busy()
    hub.congested(socket)
    hub.deliver("a", [log_line("2-0", "t1")])
    hub.drained(socket)
    assert _told(socket)[1:] == [(RESYNC, "t1"), (RESYNC, "t1")]
    assert socket.connection.events[-1][1]["reason"] == "output resumed"


async def test_what_waited_comes_before_a_restart():
    """And reaches nobody who has it from the journal."""
    hub, socket = busy()
    ahead = socket_of("a")
    hub.arrive(ahead)
    hub.room("a").join(ahead, after=(12, 0))
    hub.deliver("a", [state("11-0")])
    hub.room("a").restart(JournalTail("f", "20-0"), "because")
    assert socket.connection.names == ["execution-updated", "execution-updated", RESYNC]
    assert ahead.connection.names == [RESYNC]


async def test_however_much_is_delivered_there_is_one_timer(monkeypatch: pytest.MonkeyPatch):
    """Which ends with what it was for."""
    hub, _ = busy()
    loop, timers = asyncio.get_running_loop(), []
    call_at = loop.call_at
    monkeypatch.setattr(loop, "call_at", lambda *arguments: timers.append(call_at(*arguments)) or timers[-1])
    for number in range(2, 5):
        hub.deliver("a", [state(f"{number}-0")])
    hub.room("a").flush()
    [timer] = timers
    assert timer.cancelled()


async def test_after_a_flood_was_written_the_next_waits_again():
    """What counts towards the bound is what waits."""
    hub, socket = busy()
    hub.deliver("a", [log_line("2-0", text="x" * 300_000)])
    assert len(socket.connection.sent) == 2
    hub.deliver("a", [log_line("3-0")])
    assert len(socket.connection.sent) == 2


async def test_a_small_room_waits_no_longer_than_its_writes_take():
    """However long it might."""
    hub = hub_of(Bounds(window_s=10))
    socket = joined(hub, "a")
    hub.deliver("a", [state("1-0")])
    await anyio.sleep(0.002)
    hub.deliver("a", [state("2-0")])
    assert len(socket.connection.sent) == 2


# Who joins


async def test_what_was_relayed_in_another_history_is_not_handed_over():
    """Its offsets may look as if they followed."""
    hub = hub_of()
    joined(hub, "a")
    hub.deliver("a", [state(f"{number}-0") for number in range(5, 10)])
    hub.room("a").restart(JournalTail("f", "5-0"), "because")
    late = socket_of("a", recover=True)
    assert hub.room("a").hand_over(late, (5, 0))
    assert late.connection.sent == []


async def test_who_was_replayed_as_far_as_the_room_began_goes_on_there():
    """One entry less and its replay has to go on."""
    hub = hub_of()
    hub.room("a").open(JournalTail("e", "5-0"))
    for number, good in ((4, False), (5, True)):
        assert hub.room("a").hand_over(socket_of("a", recover=True), (number, 0)) is good


async def test_a_replay_says_how_far_it_went_though_its_end_is_not_wanted():
    """Only to who asked for offsets."""
    hub = hub_of()
    watching, plain = (socket_of("a", recover=recover, watching=frozenset()) for recover in (True, False))
    for socket in (watching, plain):
        hub.room("a").write(socket, [state("1-0"), log_line("2-0"), log_line("3-0")])
    assert _told(watching) == [("execution-updated", None, "1-0"), (MARK, None, "3-0")]
    assert _told(plain) == [("execution-updated", None)]


# Who moves


async def test_a_lane_that_nobody_is_in_is_forgotten():
    """Each set of watched tasks is one: there may be any number in a day."""
    hub = hub_of()
    for number in range(20):
        socket = joined(hub, "a", recover=True, watching=frozenset({f"t{number}"}))
        hub.deliver("a", [log_line(f"{number + 1}-0")])
        hub.lost(socket)
    lanes = hub.room("a")._lanes
    assert (lanes._sockets, lanes._skipped) == ({}, {})


async def test_a_slow_socket_that_becomes_slow_again_is_told_nothing_anew():
    """It is one time of being slow."""
    registry = CollectorRegistry()
    hub = hub_of(registry=registry)
    socket = joined(hub, "a")
    hub.congested(socket)
    hub.deliver("a", [log_line("1-0")])
    hub.congested(socket)
    hub.deliver("a", [log_line("2-0")])
    assert _told(socket) == [(RESYNC, "t")]
    assert registry.get_sample_value("runcast_gateway_shed_sockets_total") == 1


async def test_without_offsets_a_slow_socket_is_told_of_each_task_once():
    """It has no offset that could pass anything."""
    hub = hub_of()
    socket = joined(hub, "a")
    hub.congested(socket)
    hub.deliver("a", [log_line("1-0")])
    hub.deliver("a", [log_line("2-0"), state("3-0")])
    assert _told(socket) == [(RESYNC, "t"), ("execution-updated", None)]


async def test_a_mark_is_an_offset_too():
    """Before it a slow socket is told what was kept from it."""
    hub = hub_of()
    socket = joined(hub, "a", recover=True)
    hub.congested(socket)
    for number in range(1, 2502):
        hub.deliver("a", [log_line(f"{number}-0")])
    assert [entry[0] for entry in _told(socket)][:3] == [RESYNC, RESYNC, MARK]


async def test_a_socket_that_is_sent_states_needs_no_marks():
    """Each of them says where it is."""
    hub = hub_of()
    socket = joined(hub, "a", recover=True, watching=frozenset())
    for number in range(1, 6001):
        hub.deliver("a", [state(f"{number}-0") if number % 2000 == 0 else log_line(f"{number}-0")])
    assert socket.connection.names == ["execution-updated"] * 3


# What is written


class Halting:
    """A writer whose kernel takes so much at a time, or nothing."""

    def __init__(self, takes: int | None) -> None:
        self._takes = takes
        self.written = b""

    def send(self, data: bytes) -> int:
        if self._takes is None:
            raise BlockingIOError
        taken = data[: self._takes]
        self.written += taken
        return len(taken)

    def rest(self, data: bytes) -> None:
        self.written += data


async def test_what_a_connection_does_not_take_at_once_is_given_to_it_later():
    """All of it, once, whoever else there is before and behind it; what was delivered is counted."""
    registry = CollectorRegistry()
    hub = hub_of(registry=registry)
    writers = [Halting(takes) for takes in (10**6, None, 3, None, 0, 10**6)]
    for writer in writers:
        joined(hub, "a").writer = writer
    hub.deliver("a", [state("1-0"), state("2-0")])
    [whole] = {writer.written for writer in writers}
    assert whole.count(b"execution-updated") == 2
    assert registry.get_sample_value("runcast_gateway_deliveries_total") == 12
