"""What is shown of a request: no value of its variables. That of the command is made when it is requested, as values
that are secret cannot be read later."""

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from runcast_core.access.values import MASK, as_text, telling

COMMAND = 200
"""How many characters of a command are shown."""
_VARIABLES = ("environment", "envVars", "secrets")
_BETWEEN = "\0"
"""Stands between arguments, as none can hold it."""


def without_values(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the request with every environment value and secret hidden, their names kept."""
    shown = dict(stored)
    config = dict(shown.get("config", {}))
    for place, values in _variables(config):
        config[place] = dict.fromkeys(values, MASK)
    return shown | ({"config": config} if config else {})


def shown_command(plain: Mapping[str, Any]) -> str | None:
    """Return how the command of a request begins whose values are not sealed: as it was written, or its arguments as a
    shell would take them. Where a value of a variable stands in it, that is masked, as `telling` says."""
    command = plain.get("command")
    if command is None:
        return None
    values = (value for _, values in _variables(plain.get("config", {})) for value in values.values())
    hidden = {text for value in values if value is not None for text in telling(as_text(value))}
    if isinstance(command, str):
        return _masked(command, hidden)[:COMMAND]
    return " ".join(map(_quoted, _masked(_BETWEEN.join(command), hidden).split(_BETWEEN)))[:COMMAND]


def _variables(config: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((place, config[place]) for place in _VARIABLES if isinstance(config.get(place), dict))


def _masked(text: str, hidden: set[str]) -> str:
    """Return the first characters, with whatever is hidden and begins in them masked. Of two that overlap, or touch, no
    part is left."""
    pieces: list[str] = []
    at = 0
    for first, last in sorted(place for each in hidden for place in _places(text, each)):
        if first > at or not pieces:
            pieces += [text[at:first], MASK]
        at = max(at, last)
    return "".join([*pieces, text[at:COMMAND]])


def _places(text: str, each: str) -> Iterator[tuple[int, int]]:
    """Yield where it begins within the characters that are shown, and ends, up to the first that ends beyond them."""
    first = last = -1
    while last < COMMAND and (first := text.find(each, first + 1, COMMAND + len(each) - 1)) >= 0:
        last = first + len(each)
        yield first, last


def _quoted(argument: str) -> str:
    plain = argument.replace(MASK, "x")
    return argument if shlex.quote(plain) == plain else shlex.quote(argument)
