"""Lines out of output that was cut anywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runcast_runner.output.lines import MAX_LINE_BYTES, LineDecoder


def _lines(*pieces: bytes) -> list[str]:
    decoder = LineDecoder()
    return [line for piece in pieces for line in decoder.feed(piece)] + decoder.finish()


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")), st.lists(st.integers(0, 200))
)
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
        (b"\x00\x01\n", ["[... 2 bytes of binary output]"]),
        (b"\xff\xfe\xfd\xfcab\ntext\n", ["[... 6 bytes of binary output]", "text"]),
        (b"\x1b[31mred\x1b[0m \x1b[2K\x1b]0;title\x07a\tb\x08\n", ["\x1b[31mred\x1b[0m a\tb"]),
        (b"\x1b]never ended\nnext\n", ["", "next"]),
        (b"10%\r50%\r\x1b[32m100%\r\x1b[0m\r\nx", ["\x1b[32m100%\x1b[0m", "x"]),
        (b"\xc2\x1b[K\x9b", ["\ufffd\ufffd"]),
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


def test_a_line_that_is_rewritten_for_ever_holds_one_state():
    """And a sequence that never ends holds next to nothing."""
    decoder = LineDecoder()
    for number in range(100_000):
        decoder.feed(b"\r%d%%" % number)
    assert len(decoder._held) < 10
    for _ in range(1000):
        decoder.feed(b"\x1b]" + b"x" * 1000)
        decoder.feed(b"\r\x1b[31m\x1b[" + b"1" * 1000)
    assert len(decoder._held) + len(decoder._next or b"") + len(decoder._terminal._open) < 20_000
    decoder.feed(b"\x1b[" + b"1" * 200)
    assert decoder.feed(b"\nnext\n")[1:] == ["next"]
