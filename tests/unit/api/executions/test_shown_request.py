"""How a command is shown: its beginning, and no value of a variable in it."""

import time
from typing import Any

import pytest

from runcast_api.executions.shown_request import COMMAND, shown_command

LONG = "0123456789" * 30


def shown(command: Any, **config: Any) -> str | None:
    return shown_command({"image": "i", "command": command, "config": config})


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (None, None),
        ("npm test && ls", "npm test && ls"),
        (["npm", "run", "my test", "", "it's"], """npm run 'my test' '' 'it'"'"'s'"""),
        (LONG, LONG[:COMMAND]),
        ([LONG, LONG], LONG[:COMMAND]),
        (["a"] * 1000, " ".join(["a"] * 1000)[:COMMAND]),
    ],
)
def test_a_command_is_shown_as_it_would_be_typed(command, expected):
    """A text as it is, arguments as a shell takes them; 200 characters of it."""
    assert shown(command) == expected


def test_no_value_of_a_variable_is_in_it():
    """Whichever kind of variable, flagged or not, of whatever type; wherever it stands and however often."""
    variables = {
        "environment": {"A": "stage-1", "B": {"value": "flag-9", "secret": True}},
        "envVars": {"C": 54321, "D": {"value": "open-1", "secret": False}},
        "secrets": {"E": "se cret", "F": " pad4 \n", "G": "line one\nline two"},
    }
    command = "stage-1 flag-9 54321 xopen-1x se cret se cret pad4 line two stage-"
    assert shown(command, **variables) == "*** *** *** x***x *** *** *** *** stage-"
    assert shown(["-p", "se cret", "--x=54321"], **variables) == "-p *** --x=***"
    assert shown("echo staging", environment="staging") == "echo staging"


def test_short_values_are_not_masked():
    """They would be found everywhere; as in output."""
    assert shown("echo abc 5 1234", envVars={"A": "abc", "B": 5, "C": "  ", "D": "", "E": 1234}) == "echo abc 5 ***"


def test_no_part_is_left_of_values_that_overlap_or_touch():
    """One within another, one behind another, and one over itself."""
    assert shown("-abcdefgh-", secrets={"A": "abcdef", "B": "defgh"}) == "-***-"
    assert shown("-abcdefgh-", secrets={"A": "abcdefgh", "B": "bcde"}) == "-***-"
    assert shown("-abcdefgh-", secrets={"A": "abcd", "B": "efgh"}) == "-***-"
    assert shown("-aaaaaaa-", secrets={"A": "aaaa"}) == "-***-"


def test_a_value_across_the_end_is_masked():
    """It is not shown by being cut."""
    for before in range(COMMAND - 20, COMMAND + 1):
        text = shown("x" * before + "s3cret-value" + "y" * 50, secrets={"A": "s3cret-value"})
        assert text is not None
        assert "s3c" not in text
        assert len(text) <= COMMAND
        assert text == ("x" * before + "***" + "y" * 50)[: len(text)]


def test_many_and_long_values_take_no_time():
    """Whoever asks keeps nobody waiting: the work is bounded by the size of the request."""
    command = "a" * 400_000
    values = {f"A{n}": "a" * (4 + n) for n in range(1000)} | {"L": "a" * 300_000, "M": "a" * 100_000 + "b"}
    began = time.process_time()
    assert shown(command, secrets=values) == "***"
    assert time.process_time() - began < 2
