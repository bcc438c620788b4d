"""Percentiles, against their definition."""

from hypothesis import given
from hypothesis import strategies as st

from runcast_api.statistics.outcomes import percentile


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.integers(1, 100))
def test_a_percentile_is_the_lowest_that_enough_do_not_exceed(durations: list[int], percent: int):
    """And one of them."""

    def enough(limit: int) -> bool:
        return 100 * sum(duration <= limit for duration in durations) >= percent * len(durations)

    assert percentile(sorted(durations), percent) == min(filter(enough, durations))


def test_of_nothing_there_is_none():
    """Instead of 0, which would be a duration."""
    assert percentile([], 50) is None
