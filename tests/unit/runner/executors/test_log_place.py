"""Resuming a container's log after its stream broke."""

from itertools import chain, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runcast_runner.executors.docker.log import NANO, Entry, entry, frames
from runcast_runner.executors.log_place import LOST, OWN_STREAM, SKEW, LogPlace

START = 1_767_225_600 * NANO
STEPS = [0, 1, SKEW // 3, SKEW, 3 * SKEW, 3 * SKEW]
SKEWS = [0, 0, 1, SKEW // 2, SKEW]
GAP = (OWN_STREAM, LOST)


def _frame(entry: Entry) -> bytes:
    seconds, rest = divmod(entry.stamp - START, NANO)
    payload = b"2026-01-01T00:%02d:%02d.%09dZ " % (*divmod(seconds, 60), rest) + entry.data
    return bytes([entry.stream, 0, 0, 0]) + len(payload).to_bytes(4, "big") + payload


def _log(writes: list[tuple[int, int, int, bytes, bool]]) -> list[Entry]:
    """What the engine stores: a line's pieces have the stamp of its first, which may be behind the other stream's."""
    log, clock, begun = [], START + 5 * NANO, {}
    for stream, step, skew, data, ends in writes:
        clock += step
        log.append(Entry(stream, begun.setdefault(stream, clock - skew), data + b"\n" * ends))
        if ends:
            del begun[stream]
    return log


writes = st.lists(
    st.tuples(
        st.sampled_from([1, 2]),
        st.sampled_from(STEPS),
        st.sampled_from(SKEWS),
        st.sampled_from([b"y", b"yyyy", b"abc"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=25,
)
breaks = st.lists(st.integers(0, 1100), max_size=6)


def _read(log: list[Entry], since: int, filters_all: bool) -> bytes:
    """The stream of a read: engines up to 20.10 filter each entry, newer ones stop at the first that is kept."""
    kept = [number for number, entry in enumerate(log) if entry.stamp >= since]
    if not filters_all:
        kept = list(range(kept[0], len(log))) if kept else []
    return b"".join(_frame(log[number]) for number in kept)


@settings(max_examples=500)
@given(writes, breaks, st.integers(1, 50), st.booleans())
def test_breaks_anywhere_lose_and_repeat_nothing(writes, breaks, piece, filters_all):
    """However often and wherever a stream breaks, its parts are the whole, whatever the order of its stamps."""
    log, place, output = _log(writes), LogPlace(), []
    for length in [*breaks, None]:
        part = _read(log, place.resume(), filters_all)[:length]
        for frame in chain.from_iterable(frames(part[at : at + piece] for at in range(0, len(part), piece))):
            output += place.take(entry(*frame))
    assert output == [(entry.stream, entry.data) for entry in log]


@given(writes, st.integers(0, 25), st.integers(0, 25), st.booleans())
def test_what_was_rotated_away_is_never_hidden_or_repeated(writes, taken, rotated, filters_all):
    """Whatever is missing before something that is there, `LOST` stands in its place; nothing comes twice."""
    log = _log([(*before, b"%d" % number, ends) for number, (*before, _, ends) in enumerate(writes)])
    place, output = LogPlace(), []
    for log_then in (log[:taken], log[rotated:], log[rotated:]):
        for frame in chain.from_iterable(frames([_read(log_then, place.resume(), filters_all)])):
            output += place.take(entry(*frame))
    numbers = [int(data) for stream, data in output if stream != OWN_STREAM and data != b"\n"]
    assert numbers == sorted(set(numbers))
    assert numbers[: min(taken, len(log))] == list(range(min(taken, len(log))))
    assert all(b == a + 1 for a, b in pairwise(numbers)) or GAP in output


def _take(place: LogPlace, *entries: Entry) -> list[tuple[int, bytes]]:
    return [piece for entry in entries for piece in place.take(entry)]


def _line(seconds: float, data: bytes = b"x\n", stream: int = 1) -> Entry:
    return Entry(stream, START + int(seconds * NANO), data)


def test_it_asks_again_for_little():
    """Not for the whole log: from a time that is at most twice the skew ago."""
    place = LogPlace()
    assert place.resume() == 0
    _take(place, *(_line(tenth / 10) for tenth in range(1000)))
    assert START + 99.9 * NANO - 2.2 * SKEW <= place.resume() < START + 99.9 * NANO - SKEW


def test_it_asks_again_for_a_line_that_has_not_ended():
    """The rest of it will come with the stamp of its beginning, however long ago that was."""
    place = LogPlace()
    _take(place, _line(0), _line(10), _line(20, b"y" * 16_384, stream=2), *(_line(at) for at in range(21, 40)))
    assert START + 10 * NANO < place.resume() <= START + 20 * NANO
    again = [_line(20, b"y" * 16_384, stream=2), *(_line(at) for at in range(21, 40))]
    assert _take(place, *again, _line(20, b"z\n", stream=2)) == [(2, b"z\n")]


def test_what_was_lost_ends_the_lines_that_were_open():
    """So that what follows is not taken for their rest; reading and resuming go on from there."""
    place = LogPlace()
    _take(place, _line(1, b"y", stream=1))
    place.resume()
    assert _take(place, _line(12, b"a\n", stream=2), _line(13, b"b\n")) == [(1, b"\n"), GAP, (2, b"a\n"), (1, b"b\n")]
    assert START + 1 * NANO < place.resume() <= START + 12 * NANO
    assert _take(place, _line(12, b"a\n", stream=2), _line(13, b"b\n"), _line(14, b"c\n")) == [(1, b"c\n")]


def test_what_is_older_than_the_newest_is_not_taken_for_what_came_before():
    """Where the log was rotated, entries are not counted off against those that were in their place."""
    place = LogPlace()
    _take(place, _line(1), _line(2))
    place.resume()
    assert _take(place, _line(1.5, stream=2), _line(1.6, stream=2), _line(3, b"new\n")) == [GAP, (1, b"new\n")]


def test_a_rotation_within_equal_pieces_is_noticed():
    """Pieces of one long line cannot be told apart; what is newer than all that was taken can."""
    piece = _line(1, b"y" * 16_384)
    place = LogPlace()
    _take(place, *[piece] * 10)
    place.resume()
    assert _take(place, *[piece] * 5, _line(2, b"new\n", stream=2)) == [(1, b"\n"), GAP, (2, b"new\n")]


@pytest.mark.parametrize("nanoseconds", [b"000000001", b"999999999", b"100000000"])
def test_a_stamp_is_read_to_the_nanosecond(nanoseconds):
    """The engine filters by the nanosecond, so a rounded time would keep or drop other entries."""
    stamp = START + int(nanoseconds)
    assert entry(2, b"2026-01-01T00:00:00." + nanoseconds + b"Z a b\n") == Entry(2, stamp, b"a b\n")
