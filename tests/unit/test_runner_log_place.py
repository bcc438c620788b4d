"""Resuming a container's log after its stream broke."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runcast_runner.docker_log import frames
from runcast_runner.log_place import SKEW_S, LogPlace


def _entry(nanoseconds: int, data: bytes) -> bytes:
    seconds, rest = divmod(nanoseconds, 10**9)
    return b"2026-01-01T00:%02d:%02d.%09dZ " % (*divmod(seconds, 60), rest) + data


@given(
    st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=20)), min_size=1, max_size=12),
    st.lists(st.integers(0, 600), max_size=4),
    st.integers(1, 50),
)
def test_breaks_anywhere_lose_and_repeat_nothing(steps, breaks, piece):
    """However often and wherever a stream breaks, its parts are the whole, also with equal time stamps."""
    clock = 5 * 10**9
    stream = b""
    for step, data in steps:
        clock += step
        entry = _entry(clock, data)
        stream += b"\1\0\0\0" + len(entry).to_bytes(4, "big") + entry
    place, output = LogPlace(), b""
    for length in [*breaks, len(stream)]:
        place.resume()
        part = stream[:length]
        for entry in frames(part[at : at + piece] for at in range(0, length, piece)):
            output += place.take(entry)
    assert output == b"".join(data for _, data in steps)


def test_it_asks_from_a_little_before_the_last_entry():
    """The engine's stamps may step back a little between standard output and error."""
    place = LogPlace()
    assert place.resume() is None
    place.take(_entry(10 * 10**9, b"a"))
    assert place.resume() == pytest.approx(1767225610.0 - SKEW_S)
    assert [place.take(_entry(t, b"x")) for t in (9_990_000_000, 10_000_000_000, 9_995_000_000)] == [b"", b"", b"x"]


def test_a_rotated_away_entry_hides_nothing_after_it():
    """Where the last entry is no longer there, reading goes on with what is later."""
    place = LogPlace()
    place.take(_entry(10 * 10**9, b"a"))
    place.resume()
    assert [place.take(_entry(t * 10**9, b"%d" % t)) for t in (12, 13)] == [b"12", b"13"]
