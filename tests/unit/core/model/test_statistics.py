"""How an hour of activity is told from what is kept of it."""

from runcast_core.model.executions import Status
from runcast_core.model.statistics import MINUTES, NOTHING, Bucket, Ended, Load, activity, load_of


def test_every_state_counts_as_waiting_running_or_neither():
    """By the state alone, whoever runs it."""
    counted = {status: load_of(status) for status in Status}
    assert counted.pop(Status.PENDING) == (1, 0)
    assert counted.pop(Status.RUNNING) == counted.pop(Status.ANALYZING) == (0, 1)
    assert set(counted.values()) == {NOTHING}


def test_an_hour_has_all_its_minutes():
    """From the oldest on; what is kept of other times does not matter."""
    kept = [Bucket(minute, Load(1, 1), Load(9, 9)) for minute in (99, 40, 101)]
    told = activity(100, Load(2, 3), kept)
    assert (told.minute, len(told.loads)) == (41, MINUTES)
    assert told.loads[-2:] == ((9, 9), (2, 3))
    assert set(told.loads[:-2]) == {(1, 1)}


def test_what_was_noted_too_often_shows_as_nothing():
    """A number below none is of a note that was lost."""
    told = activity(100, Load(-1, 2), [Bucket(99, Load(0, -3), Load(-1, 0))])
    assert told.loads[-3:] == ((0, 0), (0, 0), (0, 2))


def test_a_duration_is_never_negative_and_absent_without_a_start():
    """A clock may have been set back while it ran."""
    assert [Ended("t", "i", Status.PASSED, start, 10).duration_ms for start in (4, 12, None)] == [6, 0, None]
