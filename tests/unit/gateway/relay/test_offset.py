"""Offsets: what is one, and how they compare."""

import pytest

from runcast_gateway.relay.offset import is_offset, parse_offset

NO_OFFSETS = [
    "",
    "-",
    "$",
    "+",
    "1",
    "1-",
    "-1",
    "1-*",
    "01-0",
    "1-00",
    "1-0 ",
    " 1-0",
    "1-0\n",
    "1-0-0",
    "-1-0",
    "1--0",
]


@pytest.mark.parametrize("text", [*NO_OFFSETS, "1e3-0", "\u0663-0", "1" * 17 + "-0", "(1-0"])
def test_anything_else_is_none(text: str):
    """Redis would take some of it, for another entry, or for an error."""
    assert not is_offset(text)


def test_offsets_compare_as_numbers():
    """Not as texts."""
    texts = ["9-0", "10-0", "10-2", "10-10", "11-0"]
    assert sorted(sorted(texts), key=parse_offset) == texts
