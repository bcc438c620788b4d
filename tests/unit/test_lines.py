"""Lines out of output that was cut anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runcast_runner.lines import MAX_LINE_BYTES, LineDecoder


def _lines(*pieces: bytes) -> list[str]:
    decoder = LineDecoder()
    return [line for piece in pieces for line in decoder.feed(piece)] + decoder.finish()


@given(st.text(st.characters(exclude_characters="\r\0", exclude_categories=["Cs"])), st.lists(st.integers(0, 200)))
def test_cutting_anywhere_changes_nothing(text: str, cuts: list[int]):
    """Characters and lines that go across pieces come out whole."""
    data = text.encode()
    places = sorted({min(cut, len(data)) for cut in cuts})
    pieces = [data[a:b] for a, b in zip([0, *places], [*places, len(data)], strict=True)]
    assert (
        _lines(*pieces)
        == _lines(data)
        == (text.split("\n") if not text.endswith("\n") and text else text.split("\n")[:-1])
    )


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        (b"a\xff\xfeb\n", ["a\ufffd\ufffdb"]),
        (b"\x00\x01\n", ["\u2400\x01"]),
        (b"a\r\nb", ["a", "b"]),
        (b"\n\n", ["", ""]),
        (b"", []),
    ],
)
def test_binary_and_invalid_output_becomes_text(data, lines):
    """Nothing raises, nothing is lost silently."""
    assert _lines(data) == lines


def test_a_line_of_a_megabyte_is_cut_with_a_marker():
    """16 KB of it stay, the marker says how much is missing, and what follows is not touched."""
    [cut, after] = _lines(b"x" * 1_000_000 + b"\nafter\n")
    assert cut == "x" * MAX_LINE_BYTES + f" [... {1_000_000 - MAX_LINE_BYTES} bytes cut]"
    assert after == "after"


def test_a_cut_does_not_go_through_a_character():
    """The character at the bound is cut whole and counted."""
    [line] = _lines(b"x" * (MAX_LINE_BYTES - 1) + "é".encode() + b"yz")
    assert line == "x" * (MAX_LINE_BYTES - 1) + " [... 4 bytes cut]"
