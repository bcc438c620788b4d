"""What all wire shapes have in common: camelCase names in JSON, and nothing where there is no value."""

from typing import Any, cast

import msgspec


class Shape(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """JSON that leaves Runcast, defined once: its bytes, its schema and its Python type come from the class.

    Who decodes one passes over fields that it does not know: a newer server may send more.
    """


class Problem(Shape, frozen=True):
    """Why a call was refused: a text for people and a constant for programs."""

    error: str
    code: str
    details: Any = None


encode = msgspec.json.Encoder().encode
"""Return the JSON of a shape as UTF-8."""


def builtins(shape: Shape) -> dict[str, Any]:
    """Return the shape as a dictionary with the names that it has in JSON."""
    return cast(dict[str, Any], msgspec.to_builtins(shape))
