"""The run of events that a room keeps: bounded, and without a gap from its floor on."""

from runcast_gateway.relay.ring import Ring
from tests.parts.connection import log_line


def _filled(ring: Ring, count: int, *, text: str = "x") -> Ring:
    for number in range(1, count + 1):
        ring.append((number, 0), log_line(f"{number}-0", text=text))
    return ring


def _offsets(ring: Ring, after: tuple[int, int]) -> list[str]:
    return [delivery.offset for delivery in ring.after(after)]


def test_it_knows_what_followed_an_offset():
    """Not that one itself; one between two entries will do."""
    ring = _filled(Ring(), 4)
    assert _offsets(ring, (2, 0)) == ["3-0", "4-0"]
    assert _offsets(ring, (2, 5)) == ["3-0", "4-0"]
    assert _offsets(ring, (4, 0)) == []
    assert ring.floor == (0, 0)


def test_its_floor_is_what_it_lost_last():
    """Beyond so many entries, or bytes."""
    assert _filled(Ring(max_entries=3), 3).floor == (0, 0)
    entries = _filled(Ring(max_entries=3), 5)
    assert entries.floor == (2, 0)
    assert _offsets(entries, entries.floor) == ["3-0", "4-0", "5-0"]
    size = len(log_line("1-0", text="x" * 100).event.payload)
    assert _filled(Ring(max_bytes=3 * size), 3, text="x" * 100).floor == (0, 0)
    large = _filled(Ring(max_bytes=3 * size), 5, text="x" * 100)
    assert large.floor == (2, 0)
    assert _offsets(large, large.floor) == ["3-0", "4-0", "5-0"]


def test_an_event_beyond_all_bounds_is_not_kept():
    """And everything before it is gone, too."""
    ring = _filled(Ring(max_bytes=1000), 2)
    ring.append((9, 0), log_line("9-0", text="x" * 2000))
    assert ring.floor == (9, 0)
    assert ring.after((0, 0)) == []
    ring.append((10, 0), log_line("10-0"))
    assert _offsets(ring, ring.floor) == ["10-0"]


def test_it_begins_again_empty():
    """With all its room, and a floor that may be lower."""
    ring = _filled(Ring(max_entries=3, max_bytes=100), 9)
    ring.restart((4, 0))
    assert (ring.floor, ring.after((0, 0))) == ((4, 0), [])
    ring.append((5, 0), log_line("5-0"))
    ring.append((6, 0), log_line("6-0"))
    assert _offsets(ring, (4, 0)) == ["5-0", "6-0"]
    assert ring.floor == (4, 0)


def test_where_it_begins_is_its_floor():
    """Unless it lost something later already."""
    ring = Ring(max_entries=1)
    ring.begin_after((3, 0))
    assert ring.floor == (3, 0)
    ring.append((4, 0), log_line("4-0"))
    ring.append((5, 0), log_line("5-0"))
    ring.begin_after((2, 0))
    assert ring.floor == (4, 0)
