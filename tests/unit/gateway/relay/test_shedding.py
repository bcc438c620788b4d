"""What a slow socket is told of the output that is kept from it."""

import orjson

from runcast_gateway.relay.frame import Frames
from runcast_gateway.relay.shedding import EVERYTHING, MAX_TASKS, Shedding


def _told(frames: Frames | None) -> list[str | None]:
    return [orjson.loads(text[1:])[1].get("taskId") for text in frames.texts] if frames else []


def test_a_task_is_told_once_when_its_keeping_starts():
    """Whoever has no offsets is told no more until the end."""
    shedding = Shedding()
    assert _told(shedding.keep({"b", "a"}, offset_follows=False)) == ["a", "b"]
    assert shedding.keep({"a", "b"}, offset_follows=False) is None
    assert _told(shedding.keep({"a", "c"}, offset_follows=False)) == ["c"]
    assert shedding.keep(set(), offset_follows=False) is None


def test_before_each_offset_it_is_told_what_was_kept_since_the_last():
    """And not what was not: it has read that again."""
    shedding = Shedding()
    assert _told(shedding.keep({"a", "b"}, offset_follows=True)) == ["a", "b"]
    assert shedding.keep(set(), offset_follows=True) is None
    assert shedding.keep({"a"}, offset_follows=False) is None
    assert shedding.keep({"a"}, offset_follows=False) is None
    assert _told(shedding.keep(set(), offset_follows=True)) == ["a"]
    assert shedding.keep(set(), offset_follows=True) is None
    assert _told(shedding.keep({"b"}, offset_follows=True)) == ["b"]


def test_at_the_end_it_is_told_everything_that_was_kept():
    """Told already or not; nothing, if nothing was kept."""
    assert Shedding().end() is None
    shedding = Shedding()
    shedding.keep({"a"}, offset_follows=True)
    shedding.keep({"a", "b"}, offset_follows=False)
    assert _told(shedding.end()) == ["a", "b"]
    assert b"output resumed" in shedding.end()


def test_its_memory_is_bounded():
    """Beyond so many tasks it is all of them, told as one."""
    tasks = {f"t{number:0>3}" for number in range(MAX_TASKS)}
    shedding = Shedding()
    assert len(_told(shedding.keep(tasks, offset_follows=False))) == MAX_TASKS
    assert shedding.keep(tasks, offset_follows=False) is None
    assert _told(shedding.keep({"one more"}, offset_follows=False)) == [None]
    assert (shedding._told, shedding._untold) == ({EVERYTHING}, set())
    assert shedding.keep({"another"}, offset_follows=False) is None
    assert _told(shedding.keep(set(), offset_follows=True)) == [None]
    assert shedding.keep(set(), offset_follows=True) is None
    assert _told(shedding.keep({"a"}, offset_follows=True)) == [None]
    assert _told(shedding.end()) == [None]


def test_what_was_kept_before_the_bound_was_passed_is_told_with_the_rest():
    """In one word, before the next offset."""
    shedding = Shedding()
    tasks = {f"t{number}" for number in range(MAX_TASKS)}
    shedding.keep(tasks, offset_follows=True)
    shedding.keep({"t1"}, offset_follows=False)
    assert _told(shedding.keep({"one more"}, offset_follows=True)) == [None]
    assert shedding.keep(set(), offset_follows=True) is None


def test_output_of_no_task_is_everything():
    """Nobody could say what to read again."""
    shedding = Shedding()
    assert _told(shedding.keep({""}, offset_follows=False)) == [None]
    assert shedding.keep({"a"}, offset_follows=False) is None
