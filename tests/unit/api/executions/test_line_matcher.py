"""Where a text is in a line: without control sequences, and although folding the case may make characters longer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runcast_api.executions.line_matcher import LineMatcher, without_sequences

LIMIT = 100
_CHARACTERS = st.sampled_from(["a", "A", "s", "S", "ß", "ẞ", "İ", "i", "\u0307", "ﬃ", "f", "é", "\U0001f600", " ", "Σ"])
_TEXTS = st.lists(_CHARACTERS, max_size=12).map("".join)


def _ranges(wanted: str, text: str) -> list[tuple[str, tuple[tuple[int, int], ...]]]:
    matcher = LineMatcher(wanted)
    return [(line.stored, matcher.ranges(line, LIMIT)) for line in matcher.lines(text)]


@pytest.mark.parametrize(
    ("wanted", "line", "ranges"),
    [
        ("red", "red Red bRED", ((0, 3), (4, 7), (9, 12))),
        ("aa", "aaaaa", ((0, 2), (2, 4))),
        ("x", "\U0001f600x\U0001f600x", ((1, 2), (3, 4))),
        ("strasse", "Die Straße, STRASSE", ((4, 10), (12, 19))),
        ("straße", "STRASSE straße", ((0, 7), (8, 14))),
        ("b", "ßİb", ((2, 3),)),
        ("s", "ß", ((0, 1),)),
        ("ss", "sßß", ((0, 2), (2, 3))),
        ("i", "İi", ((0, 1), (1, 2))),
        ("istanbul", "İstanbul", ()),
        ("i\u0307stanbul", "x İstanbul", ((2, 10),)),
        ("fi", "ﬃ ﬁ", ((0, 1), (2, 3))),
        ("σας", "ΣΑΣ", ((0, 3),)),
    ],
)
def test_ranges_are_of_the_line_itself(wanted, line, ranges):
    """In code points; of a character that folds to several, a part found is the whole."""
    assert _ranges(wanted, line) == ([(line, ranges)] if ranges else [])


@given(_TEXTS.filter(bool), st.lists(_TEXTS, min_size=1, max_size=4))
def test_ranges_hold_what_was_searched(wanted, lines):
    """In order, apart, within the line, and of text that contains what is wanted; every line with it is found."""
    found = _ranges(wanted, "\n".join(lines))
    assert [stored for stored, _ in found] == [line for line in lines if wanted.casefold() in line.casefold()]
    for line, ranges in found:
        edges = [edge for span in ranges for edge in span]
        assert edges == sorted(edges)
        assert all(0 <= first < last <= len(line) for first, last in ranges)
        first, last = ranges[0]
        assert wanted.casefold() in line[first:last].casefold()
        assert len(ranges) <= line.casefold().count(wanted.casefold())


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[31m",
        "\x1b[m",
        "\x1b[38:2::1:2:3m",
        "\x1b[2K",
        "\x1b[?25l",
        "\x1b[1 q",
        "\x1b]0;title\x07",
        "\x1b]8;;http://red\x1b\\",
        "\x1bPred\x1b\\",
        "\x1b(B",
        "\x1b7",
        "\x1bc",
        "\x1b",
    ],
)
def test_sequences_are_not_seen(sequence):
    """Colours, which runners keep, and whatever else workers report, begun or not at a line's end."""
    assert without_sequences(f"a{sequence}é\n{sequence}\né{sequence}") == "aé\n\né"
    assert _ranges("red", f"{sequence}é re{sequence}\x1b[1md") == [(f"{sequence}é re{sequence}\x1b[1md", ((2, 5),))]


@pytest.mark.parametrize("begun", ["\x1b[", "\x1b[31", "\x1b[31 ", "\x1b]8;;red", "\x1bPred", "\x1b(", "\x1b"])
def test_a_sequence_ends_with_its_line(begun):
    """However it was broken off, the next line is whole."""
    assert without_sequences(f"a{begun}\nred") == "a\nred"
    assert _ranges("red", f"a{begun}\nred") == [("red", ((0, 3),))]


def test_text_without_sequences_is_not_copied():
    """Most output is plain."""
    text = "plain\n" * 3
    assert without_sequences(text) is text
