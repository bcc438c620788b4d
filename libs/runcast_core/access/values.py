"""The values of a request's variables: what a container is given, and which texts stand for one that is masked."""

import re
from typing import Any

import orjson

MASK = "***"
LEAST_CHARACTERS = 4
"""A shorter text is not masked: it would be found everywhere."""


def as_text(value: Any) -> str:
    """Return a variable's value as the container gets it; it may be flagged: `{"value": …, "secret": …}`."""
    plain = value["value"] if isinstance(value, dict) and value.keys() == {"value", "secret"} else value
    return plain if isinstance(plain, str) else orjson.dumps(plain).decode()


def telling(value: str) -> set[str]:
    """Return the texts that tell a value: all of it and, of several lines, each one, without the space around them.
    Nothing under `LEAST_CHARACTERS` does."""
    texts = {value.strip(), *(line.strip() for line in re.split(r"[\r\n]+", value))}
    return {text for text in texts if len(text) >= LEAST_CHARACTERS}
