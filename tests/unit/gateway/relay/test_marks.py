"""A client that is sent nothing stays in the journal all the same."""

import itertools

from runcast_core.bus.bus import JOURNAL_ENTRIES
from runcast_core.model.events import MARK
from tests.parts.connection import hub_of, joined, log_line


def _relay(hub, first: int, count: int) -> None:
    for number in range(first, first + count):
        hub.deliver("a", [log_line(f"{number}-0", "other")])


async def test_a_client_that_watches_something_else_is_marked():
    """Before half the journal has gone by; nobody else is."""
    hub = hub_of()
    quiet = joined(hub, "a", recover=True, watching=frozenset({"mine"}))
    plain = joined(hub, "a", watching=frozenset({"mine"}))
    _relay(hub, 1, JOURNAL_ENTRIES)
    places = [0, *(int(offset.split("-")[0]) for offset in quiet.connection.offsets), JOURNAL_ENTRIES]
    assert max(later - earlier for earlier, later in itertools.pairwise(places)) < JOURNAL_ENTRIES / 2
    assert set(quiet.connection.names) == {MARK}
    assert plain.connection.events == []


async def test_a_client_that_often_changes_what_it_watches_is_marked():
    """What went by before a change counts on after it."""
    hub = hub_of()
    quiet = joined(hub, "a", recover=True, watching=frozenset({"mine"}))
    for turn in range(10):
        _relay(hub, 1 + turn * 2000, 2000)
        quiet.watching = frozenset({f"mine-{turn}"})
        hub.replace(quiet)
    places = [0, *(int(offset.split("-")[0]) for offset in quiet.connection.offsets), 20_000]
    assert max(later - earlier for earlier, later in itertools.pairwise(places)) < JOURNAL_ENTRIES / 2
