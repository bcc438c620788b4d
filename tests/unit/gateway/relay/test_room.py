"""How a room relays: what each kind of socket is sent, what slow ones are spared, and when."""

import orjson
from prometheus_client import CollectorRegistry

from runcast_core.bus.bus import Delivery, JournalTail
from runcast_core.model.events import MARK, Event, mark
from runcast_gateway.bounds import Bounds
from runcast_gateway.relay.shedding import MAX_TASKS
from tests.parts.conditions import until
from tests.parts.connection import hub_of, joined, log_line, socket_of, state


async def test_what_arrived_together_is_one_write():
    """Whatever the number of events, and the same bytes for every socket of a lane."""
    hub = hub_of()
    sockets = [joined(hub, "a") for _ in range(3)]
    writes = []
    for socket in sockets:
        socket.writer.write = writes.append
    hub.deliver("a", [state("1-0"), log_line("1-1"), state("2-0")])
    assert len(writes) == 3
    assert all(written is writes[0] for written in writes)


async def test_only_who_recovers_gets_offsets_and_marks():
    """A handler with one parameter would fail on the second argument."""
    hub = hub_of()
    plain, recovering = joined(hub, "a"), joined(hub, "a", recover=True)
    hub.deliver("a", [state("1-0"), Delivery("a", "2-0", mark()), log_line("3-0")])
    assert plain.connection.names == ["execution-updated", "execution-log"]
    assert plain.connection.offsets == []
    assert recovering.connection.names == ["execution-updated", MARK, "execution-log"]
    assert recovering.connection.offsets == ["1-0", "2-0", "3-0"]


async def test_what_was_relayed_is_not_relayed_again():
    """Not after a repair, which may bring what arrives by itself, too."""
    hub = hub_of()
    socket = joined(hub, "a", recover=True)
    hub.deliver("a", [state("1-0"), state("2-0")])
    hub.deliver("a", [state("1-5"), state("2-0"), state("2-1")])
    assert socket.connection.offsets == ["1-0", "2-0", "2-1"]


async def test_a_watching_socket_gets_the_output_of_its_tasks_and_every_state():
    """Also one that watches nothing yet."""
    hub = hub_of()
    all_output, one = joined(hub, "a"), joined(hub, "a", watching=frozenset({"t1"}))
    none = joined(hub, "a", watching=frozenset())
    hub.deliver("a", [log_line("1-0", "t1"), state("2-0", "t2"), log_line("3-0", "t2")])
    assert all_output.connection.names == ["execution-log", "execution-updated", "execution-log"]
    assert one.connection.names == ["execution-log", "execution-updated"]
    assert none.connection.names == ["execution-updated"]
    one.watching = frozenset({"t2"})
    hub.replace(one)
    hub.deliver("a", [log_line("4-0", "t1"), log_line("5-0", "t2")])
    assert one.connection.events[2][1] == {"log": "x"}
    assert len(one.connection.events) == 3


async def test_an_event_of_a_quiet_room_goes_at_once_and_those_of_a_busy_one_go_together():
    """The window begins with a write, and is no longer than the writes themselves take."""
    hub = hub_of(Bounds(window_s=0.02))
    sockets = [joined(hub, "a") for _ in range(1000)]
    [first, *_] = sockets
    hub.deliver("a", [state("1-0")])
    assert len(first.connection.sent) == 1
    hub.deliver("a", [state("2-0")])
    hub.deliver("a", [state("3-0")])
    assert len(first.connection.sent) == 1
    await until(lambda: len(first.connection.sent) >= 3)
    assert [len(socket.connection.sent) for socket in sockets] == [3] * 1000


async def test_nothing_waits_beyond_a_bound():
    """However busy the room is, what waits is written once it is a quarter of a megabyte."""
    hub = hub_of(Bounds(window_s=10))
    [socket, *_] = [joined(hub, "a") for _ in range(1000)]
    hub.deliver("a", [state("1-0")])
    hub.deliver("a", [log_line("2-0", text="x" * 300_000)])
    assert len(socket.connection.sent) == 2


async def test_who_joins_is_not_sent_what_waited():
    """And those before it are sent it first."""
    hub = hub_of(Bounds(window_s=10))
    [early, *_] = [joined(hub, "a") for _ in range(1000)]
    hub.deliver("a", [state("1-0")])
    hub.deliver("a", [state("2-0")])
    late = joined(hub, "a")
    assert (len(early.connection.sent), len(late.connection.sent)) == (2, 0)


# Slow sockets


async def test_a_slow_socket_is_spared_output_but_no_state_and_told_so_before_any_later_offset():
    """Told when it starts, again before each state if more was kept since, and once more when output resumes."""
    registry = CollectorRegistry()
    hub = hub_of(registry=registry)
    slow, other = joined(hub, "a", recover=True), joined(hub, "a", recover=True)
    hub.congested(slow)
    hub.deliver("a", [log_line("1-0", "t1")])
    hub.deliver("a", [log_line("2-0", "t1")])
    hub.deliver("a", [log_line("3-0", "t2"), state("4-0", "t1")])
    hub.deliver("a", [state("5-0", "t1")])
    told = [(name, payload.get("taskId"), *offset) for name, payload, *offset in slow.connection.events]
    assert told == [
        ("resync", "t1"),
        ("resync", "t1"),
        ("resync", "t2"),
        ("execution-updated", None, "4-0"),
        ("execution-updated", None, "5-0"),
    ]
    hub.drained(slow)
    assert [payload["taskId"] for name, payload, *_ in slow.connection.events[5:]] == ["t1", "t2"]
    hub.deliver("a", [log_line("6-0", "t1")])
    assert slow.connection.names[-1] == "execution-log"
    assert other.connection.offsets == ["1-0", "2-0", "3-0", "4-0", "5-0", "6-0"]
    assert registry.get_sample_value("runcast_gateway_shed_sockets_total") == 1


async def test_a_slow_socket_is_told_of_what_it_watches_only():
    """What it would not have been sent anyway is not its concern."""
    hub = hub_of()
    slow = joined(hub, "a", watching=frozenset({"t1"}))
    hub.congested(slow)
    hub.congested(slow)
    hub.deliver("a", [log_line("1-0", "t1"), log_line("2-0", "t2")])
    assert [event[1]["taskId"] for event in slow.connection.events] == ["t1"]
    hub.drained(slow)
    hub.drained(slow)
    assert len(slow.connection.events) == 2


async def test_beyond_so_many_tasks_a_slow_socket_reads_everything_again():
    """Its memory of what it was not sent is bounded."""
    hub = hub_of()
    slow = joined(hub, "a")
    hub.congested(slow)
    for number in range(MAX_TASKS + 5):
        hub.deliver("a", [log_line(f"{number + 1}-0", f"t{number}")])
    assert [event[1].get("taskId") for event in slow.connection.events][-2:] == [f"t{MAX_TASKS - 1}", None]
    assert len(slow.connection.events) == MAX_TASKS + 1
    hub.deliver("a", [state("900-0")])
    assert slow.connection.names[-1] == "execution-updated"
    hub.drained(slow)
    assert slow.connection.events[-1][1] == {"reason": "output resumed"}


async def test_who_reads_nothing_at_all_is_cut_off():
    """Beyond the hard bound, and only then; others go on."""
    registry = CollectorRegistry()
    hub = hub_of(Bounds(window_s=0, hard_bytes=2000), registry)
    slow, other = joined(hub, "a"), joined(hub, "a")
    slow.connection.slow = True
    hub.congested(slow)
    number = 0
    while not slow.connection.aborted:
        number += 1
        hub.deliver("a", [state(f"{number}-0")])
        assert number < 200
    assert slow.connection.buffered() > 2000
    assert len(other.connection.sent) == number
    assert registry.get_sample_value("runcast_gateway_slow_sockets_total") == 1


async def test_a_socket_that_becomes_slow_in_the_middle_of_a_write_gets_nothing_twice():
    """It changes lanes while the lanes are written."""
    hub = hub_of()
    first, slow = joined(hub, "a", watching=frozenset()), joined(hub, "a")
    slow.connection.on_write = lambda: hub.congested(slow)
    watching_nothing = joined(hub, "a", watching=frozenset())
    hub.deliver("a", [state("1-0")])
    assert [len(socket.connection.sent) for socket in (first, slow, watching_nothing)] == [1, 1, 1]
    hub.deliver("a", [state("2-0")])
    assert len(slow.connection.sent) == 2


async def test_what_a_lost_socket_still_hears_changes_nothing():
    """Its connection may tell of its buffer after its end."""
    hub = hub_of()
    socket = joined(hub, "a")
    hub.lost(socket)
    hub.congested(socket)
    hub.drained(socket)
    hub.deliver("a", [state("1-0")])
    assert socket.connection.sent == []
    assert socket.shedding is None


# Quiet sockets


async def test_a_recovering_socket_that_skips_a_good_part_of_the_journal_is_told_where_it_is():
    """So that its offset does not fall out; after that it counts again."""
    hub = hub_of()
    quiet = joined(hub, "a", recover=True, watching=frozenset())
    plain = joined(hub, "a", watching=frozenset())
    for number in range(2501):
        hub.deliver("a", [log_line(f"{number + 1}-0")])
    assert quiet.connection.names == [MARK]
    assert int(quiet.connection.offsets[0].split("-")[0]) in range(2498, 2502)
    assert plain.connection.sent == []
    for number in range(10):
        hub.deliver("a", [log_line(f"{number + 3000}-0", text="x" * 250_000)])
    assert quiet.connection.names == [MARK, MARK]


# From replay to live


async def test_a_replayed_socket_goes_on_with_what_the_room_relayed_since():
    """In one step: what the ring holds after its offset, then live."""
    hub = hub_of()
    early, late = joined(hub, "a", recover=True), socket_of("a", recover=True)
    hub.deliver("a", [state(f"{n}-0") for n in range(1, 6)])
    assert hub.room("a").hand_over(late, (3, 0))
    hub.deliver("a", [state("6-0")])
    assert late.connection.offsets == ["4-0", "5-0", "6-0"]
    assert early.connection.offsets == [f"{n}-0" for n in range(1, 7)]


async def test_a_replayed_socket_that_is_ahead_waits_until_the_room_has_passed():
    """It skips what it has, also when that arrives together with what it has not."""
    hub = hub_of()
    ahead = socket_of("a", recover=True)
    hub.deliver("a", [state("1-0")])
    joined(hub, "a")
    hub.room("a").open(JournalTail("e", "1-0"))
    assert hub.room("a").hand_over(ahead, (4, 0))
    hub.deliver("a", [state("2-0")])
    hub.deliver("a", [state("3-0"), state("4-0"), state("5-0")])
    hub.deliver("a", [state("6-0")])
    assert ahead.connection.offsets == ["5-0", "6-0"]


async def test_a_socket_that_left_while_it_waited_is_forgotten():
    hub = hub_of()
    ahead = socket_of("a")
    hub.arrive(ahead)
    hub.room("a").join(ahead, after=(4, 0))
    hub.lost(ahead)
    hub.deliver("a", [state("5-0")])
    assert ahead.connection.sent == []


async def test_a_replay_that_the_ring_has_left_behind_has_to_go_on():
    """The room does not know any more all that followed."""
    hub = hub_of()
    joined(hub, "a")
    hub.deliver("a", [state(f"{n}-0") for n in range(1, 1002)])
    late = socket_of("a", recover=True)
    assert not hub.room("a").hand_over(late, (3, 0))
    assert late.connection.sent == []
    assert hub.room("a").hand_over(late, (1000, 0))
    assert late.connection.offsets == ["1001-0"]


async def test_after_a_restart_everybody_reads_again_and_the_tail_is_where_it_goes_on():
    """Also who waited to join; what is older than the tail is not relayed."""
    hub = hub_of()
    socket, ahead = joined(hub, "a", recover=True), socket_of("a", recover=True)
    hub.deliver("a", [state("9-0")])
    hub.room("a").join(ahead, after=(12, 0))
    hub.room("a").restart(JournalTail("f", "5-0"), "because")
    hub.deliver("a", [state("4-0"), state("6-0")])
    assert socket.connection.names == ["execution-updated", "resync", "execution-updated"]
    assert ahead.connection.names == ["resync", "execution-updated"]
    assert ahead.connection.offsets == ["6-0"]
    assert hub.room("a").epoch == "f"


async def test_a_task_of_nobody_is_output_all_the_same():
    """A worker of the replaced system may not have named it."""
    hub = hub_of()
    watching, everything = joined(hub, "a", watching=frozenset({"t"})), joined(hub, "a")
    hub.deliver("a", [Delivery("a", "1-0", Event("execution-log", None, orjson.dumps({"log": "x"})))])
    assert watching.connection.sent == []
    assert everything.connection.names == ["execution-log"]
