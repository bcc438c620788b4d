"""What a container is given of a value, and which texts of it are masked."""

import pytest

from runcast_core.access.values import as_text, telling


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        (5, "5"),
        (0.5, "0.5"),
        (True, "true"),
        ({"value": 5, "secret": True}, "5"),
        ({"value": "text", "secret": False}, "text"),
    ],
)
def test_a_value_is_given_as_text(value, expected):
    """Numbers and truth as in JSON, flagged ones without their flag."""
    assert as_text(value) == expected


def test_all_of_a_value_tells_it_and_each_of_its_lines():
    """Without the space around them; nothing that is so short that it would be found everywhere."""
    assert telling("  one line \n") == {"one line"}
    assert telling("first\r\n  second\n\nend") == {"first\r\n  second\n\nend", "first", "second"}
    assert telling("abc") == telling(" \n ") == telling("") == set()
    assert telling("abcd") == {"abcd"}
