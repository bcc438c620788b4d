"""What a lane is sent of a batch, and how much of a journal passed it by."""

import pytest

from runcast_core.bus.bus import JOURNAL_BYTES, JOURNAL_ENTRIES, Delivery
from runcast_core.model.events import Event, mark
from runcast_gateway.relay.batch import NO_OUTPUT, Batch, Lane
from runcast_gateway.relay.frame import Frames
from tests.parts.connection import log_line, state

ALL, PLAIN = Lane(True, None), Lane(False, None)
MIXED = [log_line("1-0", "t1"), state("2-0", "t2"), log_line("3-0", "t2"), Delivery("a", "4-0", mark())]


def _names(frames: Frames) -> list[str]:
    return [text.split('"')[1] for text in frames.texts]


def _offsets(frames: Frames) -> list[str]:
    return [text.rsplit('"', 2)[1] for text in frames.texts]


@pytest.mark.parametrize(
    ("lane", "offsets"),
    [
        (ALL, ["1-0", "2-0", "3-0", "4-0"]),
        (Lane(True, frozenset({"t1"})), ["1-0", "2-0", "4-0"]),
        (Lane(True, frozenset({"t2", "other"})), ["2-0", "3-0", "4-0"]),
        (Lane(True, NO_OUTPUT), ["2-0", "4-0"]),
    ],
)
def test_a_lane_is_sent_every_state_and_the_output_it_wants(lane: Lane, offsets: list[str]):
    """In order, with offsets."""
    frames, count, skipped = Batch(MIXED).of(lane)
    assert _offsets(frames) == offsets
    assert (count, skipped) == (len(offsets), 0)


def test_a_lane_without_offsets_is_sent_no_marks():
    """A client that did not ask for them would not know what they are."""
    frames, count, _ = Batch(MIXED).of(PLAIN)
    assert _names(frames) == ["execution-log", "execution-updated", "execution-log"]
    assert count == 3
    assert not any("-0" in text for text in frames.texts)


def test_lanes_that_differ_in_nothing_here_share_their_frames():
    """However many tasks are watched, a batch is built for those that are in it."""
    batch = Batch(MIXED)
    one = batch.of(Lane(True, frozenset({"t1", "x"})))
    assert batch.of(Lane(True, frozenset({"t1", "y"}))) is one
    assert batch.of(Lane(True, frozenset({"t1", "t2"}))) is batch.of(ALL)
    assert batch.of(Lane(True, frozenset({"z"}))) is batch.of(Lane(True, NO_OUTPUT))
    assert batch.of(Lane(False, frozenset({"t1"}))) is not one
    assert batch.output_tasks == {"t1", "t2"}


def test_what_follows_the_last_frame_is_skipped():
    """As a share of the journal's bound that it takes most of: entries or bytes."""
    lane = Lane(True, NO_OUTPUT)
    short, long = log_line("1-0"), log_line("2-0", text="x" * 83_000)
    assert Batch([short]).of(lane).skipped == 1 / JOURNAL_ENTRIES
    assert Batch([long]).of(lane).skipped == len(long.event.payload) / JOURNAL_BYTES
    assert Batch([short, state("2-0")]).of(lane).skipped == 0
    assert Batch([state("1-0"), short, short]).of(lane).skipped == 2 / JOURNAL_ENTRIES
    assert Batch([Delivery("a", "1-0", mark())]).of(Lane(False, None)).skipped == 1 / JOURNAL_ENTRIES


def test_output_of_no_task_is_for_those_who_want_all():
    """A worker of the replaced system may not have named it."""
    batch = Batch([Delivery("a", "1-0", Event("execution-log", None, b"{}"))])
    assert batch.of(ALL).events == 1
    assert batch.of(Lane(True, frozenset({"t"}))).events == 0
    assert batch.output_tasks == {""}


def test_nothing_is_nothing():
    """As the last page of a replay may be."""
    assert Batch([]).of(ALL) == (b"", 0, 0.0)
